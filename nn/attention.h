#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "nn/linear.h"

namespace tessera::nn {

/// Keys and values of one attention layer, [B, heads, L, D / heads] each.
struct KeysValues {
  at::Tensor keys{};
  at::Tensor values{};
};

/// [B, L] bool (true = may be attended to) or undefined -> the mask that the layers below take:
/// [B, 1, 1, L] bool, or undefined. A row without a single true entry gives NaN.
at::Tensor attention_mask(const at::Tensor& mask);

/// softmax(q kᵀ / sqrt(D / heads)) v of a sequence with itself; query, key and value come from one
/// Linear(D -> 3D) whose rows are the queries, then the keys, then the values; heads are contiguous
/// slices of D.
class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(std::int64_t width, std::int64_t heads);
  /// x [B, N, D], mask from attention_mask() with L = N, or [1, 1, N, N] bool, row i true where
  /// position i may look -> [B, N, D].
  at::Tensor forward(const at::Tensor& x, const at::Tensor& mask = {});

 private:
  std::int64_t heads_;
  Linear qkv_{nullptr};
  Linear out_{nullptr};
};
TORCH_MODULE(SelfAttention);

/// Attention of a sequence to a condition of another width. Keys and values depend on the condition
/// alone, so a sampler computes them once a prompt.
class CrossAttentionImpl : public torch::nn::Module {
 public:
  CrossAttentionImpl(std::int64_t width, std::int64_t condition_width, std::int64_t heads);
  /// condition [B, L, C].
  KeysValues keys_values(const at::Tensor& condition);
  /// x [B, N, D], mask from attention_mask() -> [B, N, D].
  at::Tensor forward(const at::Tensor& x, const KeysValues& condition, const at::Tensor& mask = {});

 private:
  std::int64_t heads_;
  Linear query_{nullptr};
  Linear key_value_{nullptr};
  Linear out_{nullptr};
};
TORCH_MODULE(CrossAttention);

}  // namespace tessera::nn
