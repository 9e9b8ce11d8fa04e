#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include <torch/nn/module.h>

#include "nn/condition.h"
#include "nn/packed_product.h"

namespace tessera::diffusion {

/// A denoiser made ready for one prompt batch and one plan; holds what does not change from step to
/// step. Not thread-safe; the tensors it returns are its own and live until the next step.
class PreparedDenoiser {
 public:
  virtual ~PreparedDenoiser() = default;
  /// Cross-attention keys and values of every layer, or the scales and shifts of the classes: once
  /// a prompt batch. A denoiser without a condition is given an empty one.
  virtual void prepare(const nn::Condition& condition) = 0;
  /// Scale and shift of every AdaLN for all planned times (1..T) at once.
  virtual void prepare(std::span<const std::int64_t> times) = 0;
  /// x_t [B, N] int64, row = index into the prepared times -> logits [B, N, K] float32. Where m
  /// times as many prompts were prepared, canvas b stands for prompts b, B + b, 2 B + b, … and
  /// there are m B rows of logits: what no prompt has a part in is computed once for all of them.
  virtual at::Tensor step(const at::Tensor& x_t, std::int64_t row) = 0;
};

/// Predicts p(x_0 | x_t): x_t [B, N] int64 in [0, K] (K = mask), t [B] int64 in 1..T -> logits
/// [B, N, K] float32, not normalised; the mask state is no answer.
class DiscreteDenoiser : public torch::nn::Module {
 public:
  /// The training path: differentiable, any t a row.
  virtual at::Tensor forward(const at::Tensor& x_t,
                             const at::Tensor& t,
                             const nn::Condition& condition) = 0;
  /// The sampling path: no gradient. Contract test: equals forward() within 1e-5.
  virtual std::unique_ptr<PreparedDenoiser> make_prepared() = 0;
  /// From the next make_prepared() on, the sampling path computes its products in `precision`, from
  /// the weights as they are then; those are given up, and forward() throws. A denoiser that has
  /// no such path (or no such device) stays as it is.
  virtual void answer_in(nn::Precision /*precision*/) {}
  /// The null condition for classifier-free guidance: what stands in for a dropped or absent
  /// caption or class. Learned, [B, L, D]; or labels; or undefined where the model has none of its
  /// own, and the text of an empty caption stands in.
  virtual nn::Condition null_condition(std::int64_t batch) = 0;
};

}  // namespace tessera::diffusion
