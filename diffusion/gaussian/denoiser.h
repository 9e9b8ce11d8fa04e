#pragma once

#include <cstdint>

#include <torch/nn/module.h>

#include "diffusion/gaussian/prediction.h"
#include "diffusion/gaussian/variance.h"
#include "nn/condition.h"

namespace tessera::diffusion {

/// Predicts the noise, or what stands for it: x_t [B, C, H, W] floating point, t [B] int64 in 1..T
/// (1 = the least noise) -> [B, C, H, W], or [B, 2C, H, W] with a learned variance, the prediction
/// first.
class GaussianDenoiser : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x_t,
                             const at::Tensor& t,
                             const nn::Condition& condition) = 0;
  /// What stands in for a dropped or absent caption or class in classifier-free guidance; undefined
  /// (an empty condition) where the model has none.
  virtual nn::Condition null_condition(std::int64_t batch) = 0;
  virtual GaussianPrediction prediction() const = 0;
  virtual GaussianVariance variance() const = 0;
};

}  // namespace tessera::diffusion
