#include "eval/lpips.h"

#include <array>
#include <span>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "eval/image_quality.h"
#include "io/state_dict.h"

namespace tessera::eval {
namespace {

/// A convolution of a network: where it stands in "features", and what comes before and behind it.
struct Step {
  std::int64_t place;
  std::int64_t inputs, outputs, kernel, stride, padding;
  bool pooled;  // a maximum pooling stands before it
  bool tapped;  // its rectified output is one of the five that are compared
};

constexpr std::array<Step, 5> kAlex = {{{0, 3, 64, 11, 4, 2, false, true},
                                        {3, 64, 192, 5, 1, 2, true, true},
                                        {6, 192, 384, 3, 1, 1, true, true},
                                        {8, 384, 256, 3, 1, 1, false, true},
                                        {10, 256, 256, 3, 1, 1, false, true}}};
constexpr std::array<Step, 13> kVgg = {{{0, 3, 64, 3, 1, 1, false, false},
                                        {2, 64, 64, 3, 1, 1, false, true},
                                        {5, 64, 128, 3, 1, 1, true, false},
                                        {7, 128, 128, 3, 1, 1, false, true},
                                        {10, 128, 256, 3, 1, 1, true, false},
                                        {12, 256, 256, 3, 1, 1, false, false},
                                        {14, 256, 256, 3, 1, 1, false, true},
                                        {17, 256, 512, 3, 1, 1, true, false},
                                        {19, 512, 512, 3, 1, 1, false, false},
                                        {21, 512, 512, 3, 1, 1, false, true},
                                        {24, 512, 512, 3, 1, 1, true, false},
                                        {26, 512, 512, 3, 1, 1, false, false},
                                        {28, 512, 512, 3, 1, 1, false, true}}};
constexpr std::int64_t kAlexSmallest = 31;  // the second pooling has one window there
constexpr std::int64_t kVggSmallest = 16;
constexpr double kTiny = 1e-10;  // keeps a place without any feature from a division by zero

std::span<const Step> steps_of(bool alex) {
  if (alex) return kAlex;
  return kVgg;
}

/// Takes tensors out of a file by name and shape, and at the end says all that did not fit.
class Taker {
 public:
  Taker(const std::filesystem::path& file, at::Device device)
      : name_(file.string()), device_(device), state_(io::read_state_dict(file)) {}

  const at::Tensor* find(const std::string& name) const {
    const auto found = state_.tensors.find(name);
    return found == state_.tensors.end() ? nullptr : &found->second;
  }

  at::Tensor take(const std::string& name, at::IntArrayRef shape) {
    const auto found = state_.tensors.find(name);
    if (found == state_.tensors.end()) {
      complain("no " + name);
      return {};
    }
    const at::Tensor tensor = found->second;
    state_.tensors.erase(found);
    if (tensor.sizes() != shape || !tensor.is_floating_point()) {
      complain(concat(name, " is ", tensor.sizes(), ", not ", shape));
      return {};
    }
    const at::Tensor out = tensor.to(device_, at::kFloat).contiguous();
    if (!at::isfinite(out).all().item<bool>()) complain(name + " holds values that are no numbers");
    return out;
  }

  /// `allowed` begins the names that may be left over.
  void finish(const std::string& allowed) {
    for (const auto& [name, tensor] : state_.tensors) {
      if (allowed.empty() || !name.starts_with(allowed)) complain("unexpected " + name);
    }
    TESSERA_CHECK(problems_.empty(), kShapeMismatch, name_, ": does not fit: ", problems_);
  }

  const std::string& name() const { return name_; }

 private:
  void complain(const std::string& problem) {
    problems_ += (problems_.empty() ? "" : "; ") + problem;
  }

  std::string name_;
  at::Device device_;
  io::StateDict state_;
  std::string problems_{};
};

bool is_alex(const Taker& backbone) {
  const at::Tensor* first = backbone.find("features.0.weight");
  TESSERA_CHECK(first != nullptr,
                kShapeMismatch,
                backbone.name(),
                ": has no features.0.weight; wanted are the weights of AlexNet or VGG16");
  const bool alex = first->sizes() == at::IntArrayRef({64, 3, 11, 11});
  TESSERA_CHECK(alex || first->sizes() == at::IntArrayRef({64, 3, 3, 3}),
                kShapeMismatch,
                backbone.name(),
                ": features.0.weight is ",
                first->sizes(),
                "; AlexNet has [64, 3, 11, 11], VGG16 [64, 3, 3, 3]");
  return alex;
}

/// Of the distance's own statistics, for pictures in [-1, 1].
at::Tensor normalised(const at::Tensor& images) {
  const at::Tensor shift =
      at::tensor({-0.030, -0.088, -0.188}, images.options()).view({1, 3, 1, 1});
  const at::Tensor scale = at::tensor({0.458, 0.448, 0.450}, images.options()).view({1, 3, 1, 1});
  return (images - shift) / scale;
}

at::Tensor of_unit_length(const at::Tensor& features) {
  return features / (features.square().sum(1, /*keepdim=*/true).sqrt() + kTiny);
}

}  // namespace

Lpips Lpips::load(const LpipsFiles& files, at::Device device) {
  Taker backbone(files.backbone, device);
  Lpips out(is_alex(backbone));
  for (const Step& step : steps_of(out.alex_)) {
    const std::string name = concat("features.", step.place, ".");
    out.layers_.push_back(
        {.weight =
             backbone.take(name + "weight", {step.outputs, step.inputs, step.kernel, step.kernel}),
         .bias = backbone.take(name + "bias", {step.outputs})});
  }
  backbone.finish("classifier.");
  Taker heads(files.heads, device);
  for (const Step& step : steps_of(out.alex_)) {
    if (!step.tapped) continue;
    const std::string name = concat("lin", out.heads_.size(), ".model.1.weight");
    out.heads_.push_back(heads.take(name, {1, step.outputs, 1, 1}));
  }
  heads.finish("");
  return out;
}

std::string Lpips::definition() const {
  return alex_ ? "lpips-0.1-alex" : "lpips-0.1-vgg";
}

std::vector<at::Tensor> Lpips::features(const at::Tensor& images) const {
  std::vector<at::Tensor> taps;
  at::Tensor x = normalised(images);
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    const Step& step = steps_of(alex_)[k];
    if (step.pooled) x = at::max_pool2d(x, alex_ ? 3 : 2, 2);
    x = at::conv2d(x, layers_[k].weight, layers_[k].bias, step.stride, step.padding).relu();
    if (step.tapped) taps.push_back(x);
  }
  return taps;
}

at::Tensor Lpips::distance(const at::Tensor& a, const at::Tensor& b) const {
  const std::int64_t smallest = alex_ ? kAlexSmallest : kVggSmallest;
  TESSERA_CHECK(a.dim() == 4 && a.size(1) == 3 && a.sizes() == b.sizes(),
                kShapeMismatch,
                "two batches of pictures [B, 3, H, W] of one size are compared, got ",
                a.sizes(),
                " and ",
                b.sizes());
  TESSERA_CHECK(a.size(2) >= smallest && a.size(3) >= smallest,
                kInvalidArgument,
                definition(),
                " needs sides of at least ",
                smallest,
                " pixels, got ",
                a.size(3),
                "x",
                a.size(2));
  const at::NoGradGuard no_grad;
  const at::Device device = heads_.front().device();
  const auto ready = [&](const at::Tensor& images) {
    return (levels_of(images) / 127.5 - 1).to(device, at::kFloat);
  };
  const std::vector<at::Tensor> of_a = features(ready(a));
  const std::vector<at::Tensor> of_b = features(ready(b));
  at::Tensor sum = at::zeros({a.size(0)}, at::TensorOptions(device).dtype(at::kDouble));
  for (std::size_t k = 0; k < heads_.size(); ++k) {
    const at::Tensor apart = (of_unit_length(of_a[k]) - of_unit_length(of_b[k])).square();
    sum += (apart * heads_[k]).sum(1).to(at::kDouble).mean({1, 2});
  }
  return sum.cpu();
}

}  // namespace tessera::eval
