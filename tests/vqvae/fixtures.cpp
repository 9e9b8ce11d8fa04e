#include "tests/vqvae/fixtures.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

namespace tessera::test {

vqvae::VqVaeOptions tiny_options() {
  return {.resolution = 16,
          .unshuffle = 2,
          .base_channels = 4,
          .channel_multipliers = {1, 2},
          .residual_blocks = 1,
          .decoder_blocks = 1,
          .attention_blocks = 1,
          .codebook_size = 16,
          .code_dim = 3};
}

at::Tensor normal(std::uint64_t seed, at::IntArrayRef shape) {
  return nn::Rng::of_run(seed, 0, 1).normal(Purpose::kInit, 0, shape).squeeze(0).to(at::kDouble);
}

at::Tensor pictures(std::int64_t count, std::int64_t height, std::int64_t width) {
  return normal(9, {count, 3, height, width}).to(at::kFloat).clamp(-1, 1);
}

void stir(torch::nn::Module& module, std::uint64_t seed) {
  const at::NoGradGuard no_grad;
  for (at::Tensor& weight : module.parameters()) {
    weight.add_(0.2 * normal(++seed, weight.sizes()).to(weight.scalar_type()));
  }
}

void expect_gradient(at::Tensor tensor,
                     const std::function<at::Tensor()>& loss,
                     const std::string& name) {
  tensor.mutable_grad() = at::Tensor();
  loss().backward();
  ASSERT_TRUE(tensor.grad().defined()) << name;
  const at::Tensor gradient = tensor.grad().clone();
  const at::NoGradGuard no_grad;
  const double h = 1e-5;
  for (std::uint64_t direction = 0; direction < 2; ++direction) {
    const at::Tensor d = normal(1000 + direction, tensor.sizes());
    tensor.add_(d, h);
    const double above = loss().item<double>();
    tensor.add_(d, -2 * h);
    const double below = loss().item<double>();
    tensor.add_(d, h);
    const double expected = (above - below) / (2 * h);
    const double got = (gradient * d).sum().item<double>();
    EXPECT_NEAR(got, expected, 1e-5 * std::max(1e-2, std::abs(expected))) << name;
  }
}

}  // namespace tessera::test
