#include "eval/inception/weights.h"

#include <set>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/inception/layers.h"
#include "io/finite.h"

namespace tessera::eval {
namespace {

constexpr double kEpsilon = 1e-3;  // of the batch normalisations

/// Takes tensors out of a file by name and shape, and notes what does not fit.
class Taker {
 public:
  Taker(const io::StateDict& state, const std::string& what) : state_(state), what_(what) {
    script_ = state.tensors.count("layers.conv.conv.weight") == 1;
  }

  bool script() const { return script_; }

  /// Float64; zeros where something is wrong, which finish() reports.
  at::Tensor take(const std::string& name, std::vector<std::int64_t> sizes) {
    used_.insert(name);
    const auto found = state_.tensors.find(name);
    if (found == state_.tensors.end()) {
      problems_.push_back(name + " is missing");
      return at::zeros(sizes, at::kDouble);
    }
    if (found->second.sizes() != at::IntArrayRef(sizes)) {
      problems_.push_back(
          concat(name, " is ", found->second.sizes(), " instead of ", at::IntArrayRef(sizes)));
      return at::zeros(sizes, at::kDouble);
    }
    io::check_finite(found->second, name, what_);
    return found->second.to(at::kDouble);
  }
  at::Tensor take_or_ones(const std::string& name, std::vector<std::int64_t> sizes) {
    if (state_.tensors.count(name) == 0) return at::ones(sizes, at::kDouble);
    return take(name, std::move(sizes));
  }

  void finish() {
    for (const auto& [name, tensor] : state_.tensors) {
      if (used_.count(name) == 0 && !name.ends_with(".num_batches_tracked")) {
        problems_.push_back(name + " is unexpected");
      }
    }
    if (problems_.empty()) return;
    constexpr std::size_t kShown = 5;
    std::string list;
    for (std::size_t k = 0; k < problems_.size() && k < kShown; ++k) {
      list += (k == 0 ? "" : "; ") + problems_[k];
    }
    if (problems_.size() > kShown) list += concat("; and ", problems_.size() - kShown, " more");
    TESSERA_THROW(kShapeMismatch,
                  what_,
                  ": not the weights of the Inception network of FID (1008 classes): ",
                  list);
  }

 private:
  const io::StateDict& state_;
  const std::string& what_;
  bool script_ = false;
  std::set<std::string> used_{};
  std::vector<std::string> problems_{};
};

FoldedConvolution fold(Taker& taker, const InceptionLayer& layer) {
  const std::string prefix = taker.script() ? "layers." + layer.script : layer.name;
  const std::vector<std::int64_t> channels = {layer.out};
  const at::Tensor weight = taker.take(
      prefix + ".conv.weight", {layer.out, layer.in, layer.kernel.height, layer.kernel.width});
  const at::Tensor bias = taker.take(prefix + ".bn.bias", channels);
  const at::Tensor mean = taker.take(prefix + ".bn.running_mean", channels);
  const at::Tensor variance = taker.take(prefix + ".bn.running_var", channels);
  const at::Tensor given = taker.script() ? taker.take_or_ones(prefix + ".bn.weight", channels)
                                          : taker.take(prefix + ".bn.weight", channels);
  const at::Tensor gain = given / (variance + kEpsilon).sqrt();
  return {.weight = (weight * gain.view({-1, 1, 1, 1})).to(at::kFloat),
          .bias = (bias - mean * gain).to(at::kFloat)};
}

}  // namespace

InceptionWeights fold_inception_weights(const io::StateDict& state, const std::string& what) {
  Taker taker(state, what);
  InceptionWeights out;
  for (const InceptionLayer& layer : inception_layers()) {
    out.convolutions.emplace(layer.name, fold(taker, layer));
  }
  const std::string last = taker.script() ? "output" : "fc";
  out.classes =
      taker.take(last + ".weight", {kInceptionClasses, kInceptionFeatures}).to(at::kFloat);
  taker.take(last + ".bias", {kInceptionClasses});
  taker.finish();
  return out;
}

}  // namespace tessera::eval
