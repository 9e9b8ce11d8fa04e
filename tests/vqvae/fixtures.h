#pragma once

#include <cstdint>
#include <functional>

#include <torch/nn/module.h>

#include "nn/rng.h"
#include "vqvae/options.h"

namespace tessera::test {

/// 16-pixel pictures, a 4 x 4 grid, a few thousand weights.
vqvae::VqVaeOptions tiny_options();

/// Normal numbers in float64, the same for the same seed.
at::Tensor normal(std::uint64_t seed, at::IntArrayRef shape);

/// [count, 3, height, width] float32 in [-1, 1], always the same.
at::Tensor pictures(std::int64_t count, std::int64_t height = 16, std::int64_t width = 16);

/// Adds noise to all weights, so that branches that begin at zero take part.
void stir(torch::nn::Module& module, std::uint64_t seed);

/// Compares the gradient of `loss` by `tensor` (float64, a leaf) along random directions with
/// central differences; expects a relative error below 1e-5.
void expect_gradient(at::Tensor tensor,
                     const std::function<at::Tensor()>& loss,
                     const std::string& name = "");

}  // namespace tessera::test
