#include "nn/initialise.h"

#include <cmath>
#include <string>
#include <string_view>

#include <torch/nn.h>

#include "nn/convolution.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/rng.h"

namespace tessera::nn {
namespace {

/// FNV-1a, 32 bits: a stable number for a name.
std::uint32_t hash_name(std::string_view name) {
  std::uint32_t h = 2166136261u;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

void fill_normal(at::Tensor parameter,
                 double deviation,
                 const std::string& name,
                 std::uint64_t seed) {
  const Rng rng = Rng::of_run(seed, hash_name(name), 1);
  const at::Tensor values = rng.normal(Purpose::kInit, 0, parameter.sizes()).squeeze(0);
  parameter.copy_(values * deviation);
}

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

bool starts_at_zero(std::string_view name) {
  const std::string_view part = last_part(name);
  return part == "out" || part == "modulation";
}

}  // namespace

void initialise(torch::nn::Module& module, std::uint64_t seed) {
  constexpr double kEmbedding = 0.02;
  const at::NoGradGuard no_grad;
  const auto fill_layer = [&](const std::string& name, const at::Tensor& weight, at::Tensor bias) {
    if (starts_at_zero(name)) {
      at::Tensor(weight).zero_();
    } else {
      const double inputs = static_cast<double>(weight[0].numel());
      fill_normal(weight, 1.0 / std::sqrt(inputs), name, seed);
    }
    bias.zero_();
  };
  for (const auto& item : module.named_modules()) {
    const std::string& name = item.key();
    if (const auto* linear = item.value()->as<LinearImpl>()) {
      fill_layer(name, linear->weight, linear->bias);
    } else if (const auto* convolution = item.value()->as<ConvolutionImpl>()) {
      fill_layer(name, convolution->weight, convolution->bias);
    } else if (const auto* embedding = item.value()->as<EmbeddingImpl>()) {
      fill_normal(embedding->weight, kEmbedding, name, seed);
    } else if (const auto* norm = item.value()->as<torch::nn::LayerNormImpl>()) {
      if (norm->weight.defined()) at::Tensor(norm->weight).fill_(1.0);
      if (norm->bias.defined()) at::Tensor(norm->bias).zero_();
    } else if (const auto* groups = item.value()->as<torch::nn::GroupNormImpl>()) {
      at::Tensor(groups->weight).fill_(1.0);
      at::Tensor(groups->bias).zero_();
    } else {
      for (const auto& own : item.value()->named_parameters(/*recurse=*/false)) {
        fill_normal(
            own.value(), kEmbedding, name.empty() ? own.key() : name + "." + own.key(), seed);
      }
    }
  }
}

}  // namespace tessera::nn
