#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "nn/rng.h"

namespace tessera::test {

/// Fixed standard normal numbers of a shape, float64.
inline at::Tensor normal_like(const at::Tensor& x, std::uint32_t stream) {
  const nn::Rng rng = nn::Rng::of_run(99, stream, 1);
  return rng.normal(Purpose::kInit, 0, x.sizes()).squeeze(0).to(at::kDouble);
}

/// Float64 numbers of a shape.
inline at::Tensor numbers(at::IntArrayRef shape, std::uint32_t stream) {
  return normal_like(at::empty(shape, at::kDouble), stream);
}

/// Every parameter := N(0, deviation²), so that no branch of a network is silent.
inline void fill_parameters(torch::nn::Module& module, double deviation) {
  const at::NoGradGuard no_grad;
  std::uint32_t stream = 0;
  for (at::Tensor& p : module.parameters()) p.copy_(normal_like(p, stream++) * deviation);
}

/// Compares the gradient of a scalar with central differences along one random direction a
/// parameter. REQUIRES: float64 parameters.
inline void expect_gradients_match(torch::nn::Module& module,
                                   const std::function<at::Tensor()>& scalar) {
  module.zero_grad();
  scalar().backward();
  constexpr double kStep = 1e-5;
  std::uint32_t stream = 1000;
  for (auto& item : module.named_parameters()) {
    at::Tensor& p = item.value();
    const at::Tensor direction = normal_like(p, stream++);
    const double predicted = p.grad().defined() ? (p.grad() * direction).sum().item<double>() : 0.0;
    const auto at_offset = [&](double offset) {
      const at::NoGradGuard no_grad;
      p.add_(direction, offset);
      const double value = scalar().item<double>();
      p.sub_(direction, offset);
      return value;
    };
    const double measured = (at_offset(kStep) - at_offset(-kStep)) / (2 * kStep);
    EXPECT_NEAR(predicted, measured, 1e-6 * (1.0 + std::abs(measured))) << item.key();
  }
}

}  // namespace tessera::test
