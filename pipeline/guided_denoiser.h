#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/denoiser.h"
#include "diffusion/discrete/prediction.h"
#include "nn/condition.h"

namespace tessera::pipeline {

/// How many pictures pass a network at once. On the CPU one: a product of few rows is summed in
/// another order than one of many, and a picture may not depend on the batch that it is in. (A
/// batch is no faster there.) Elsewhere all of them.
std::int64_t pictures_at_once(std::int64_t batch, at::Device device);

/// Calls `network` on pieces of `rows` [B, …], pictures_at_once() rows each, and joins the answers.
at::Tensor in_pieces(const at::Tensor& rows,
                     const std::function<at::Tensor(const at::Tensor&)>& network);

/// A denoiser made ready for one batch of prompts and one plan, with classifier-free guidance: both
/// halves of a picture in one pass.
class GuidedDenoiser {
 public:
  struct Plan {
    std::vector<std::int64_t> times{};  // 1..T, what the network is told at each step
    double guidance = 1.0;              // 1 = off: `unwanted` is not looked at
    std::int64_t pictures = 0;  // B; 0 = as many as `wanted` has rows, which may be undefined
  };
  GuidedDenoiser(diffusion::DiscreteDenoiser& model,
                 const nn::Condition& wanted,
                 const nn::Condition& unwanted,
                 const Plan& plan);

  /// p(x_0 | x_t), guided and truncated, of the canvas [B, N] at step `row` of the plan. Lives
  /// until the next call.
  diffusion::Prediction predict(const at::Tensor& canvas,
                                std::int64_t row,
                                const diffusion::Truncation& truncation);

 private:
  double guidance_;
  std::int64_t at_once_ = 1;
  std::vector<std::unique_ptr<diffusion::PreparedDenoiser>> pieces_{};
};

}  // namespace tessera::pipeline
