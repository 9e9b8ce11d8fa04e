#include "vqvae/patch_discriminator.h"

#include <algorithm>
#include <cmath>

#include <torch/nn.h>

#include "core/error.h"
#include "nn/rng.h"

namespace tessera::vqvae {
namespace {

constexpr double kLeak = 0.2;
constexpr std::int64_t kGroups = 8;

torch::nn::Conv2d convolution(std::int64_t from, std::int64_t to, std::int64_t stride) {
  const std::int64_t window = stride == 2 ? 4 : 3;
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(from, to, window).stride(stride).padding(1));
}

}  // namespace

PatchDiscriminatorImpl::PatchDiscriminatorImpl(const PatchDiscriminatorOptions& o) {
  TESSERA_CHECK(
      o.layers >= 1 && o.layers <= 6 && o.channels >= kGroups && o.channels % kGroups == 0,
      kInvalidArgument,
      "a discriminator needs 1 to 6 layers and channels in multiples of ",
      kGroups,
      ", got ",
      o.layers,
      " and ",
      o.channels);
  std::int64_t from = o.image_channels;
  for (std::int64_t layer = 0; layer < o.layers; ++layer) {
    const std::int64_t to = o.channels << layer;
    torch::nn::Sequential stage(convolution(from, to, 2));
    if (layer > 0) {
      stage->push_back(torch::nn::GroupNorm(torch::nn::GroupNormOptions(kGroups, to)));
    }
    stage->push_back(torch::nn::LeakyReLU(torch::nn::LeakyReLUOptions().negative_slope(kLeak)));
    stages_.push_back(register_module("stage" + std::to_string(layer), stage.ptr()));
    from = to;
  }
  stages_.push_back(register_module("score", torch::nn::Sequential(convolution(from, 1, 1)).ptr()));
}

void PatchDiscriminatorImpl::initialise(std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  const nn::Rng rng = nn::Rng::of_run(seed, 0, 1);
  std::int64_t stream = 0;
  for (const std::shared_ptr<Module>& module : modules(/*include_self=*/false)) {
    ++stream;
    if (auto* layer = module->as<torch::nn::Conv2dImpl>()) {
      const double fan_in = static_cast<double>(layer->weight[0].numel());
      layer->weight.copy_(rng.normal(Purpose::kInit, stream, layer->weight.sizes()).squeeze(0) /
                          std::sqrt(fan_in));
      layer->bias.zero_();
    } else if (auto* norm = module->as<torch::nn::GroupNormImpl>()) {
      norm->weight.fill_(1.0);
      norm->bias.zero_();
    }
  }
}

std::vector<at::Tensor> PatchDiscriminatorImpl::forward(const at::Tensor& images) {
  std::vector<at::Tensor> states;
  at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast);
  for (const auto& stage : stages_) {
    x = stage->as<torch::nn::SequentialImpl>()->forward(x);
    states.push_back(x);
  }
  return states;
}

at::Tensor discriminator_loss(const at::Tensor& true_scores, const at::Tensor& made_scores) {
  return 0.5 * (at::relu(1 - true_scores.to(at::kFloat)).mean() +
                at::relu(1 + made_scores.to(at::kFloat)).mean());
}

at::Tensor feature_distance(const std::vector<at::Tensor>& true_states,
                            const std::vector<at::Tensor>& made_states) {
  TESSERA_CHECK(true_states.size() == made_states.size() && true_states.size() >= 2,
                kShapeMismatch,
                "states of ",
                true_states.size(),
                " and ",
                made_states.size(),
                " layers");
  at::Tensor sum;
  for (std::size_t k = 0; k + 1 < true_states.size(); ++k) {
    const at::Tensor apart =
        (made_states[k].to(at::kFloat) - true_states[k].detach().to(at::kFloat)).abs().mean();
    sum = sum.defined() ? sum + apart : apart;
  }
  return sum / static_cast<double>(true_states.size() - 1);
}

}  // namespace tessera::vqvae
