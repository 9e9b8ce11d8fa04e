#pragma once

#include <ATen/core/Tensor.h>
#include <torch/nn/modules/normalization.h>

namespace tessera::nn {

/// What a LayerNorm multiplies with and adds: of its own, [1, D], or made from a time vector, [B,
/// D].
struct NormWeights {
  at::Tensor gain{};
  at::Tensor shift{};
};

struct ResidualNorm {
  at::Tensor sum{};     // the residual stream behind the branch, [B, N, D] in the stream's type
  at::Tensor output{};  // its norm, in the type that the next product takes
};

/// A LayerNorm's own weights, as [1, D], halves in float32.
NormWeights weights_of(const torch::nn::LayerNorm& norm);

/// sum = residual + branch (undefined = nothing is added); output = LN(sum) * gain + shift over the
/// last axis, eps 1e-5. residual and branch [B, N, D]. In float32 on the CPU, and on a GPU with
/// libtessera_cuda.so, this is one pass of our own, differentiable once, whose output is bfloat16
/// under autocast or where the branch is (products whose weights are): the blocks of a transformer
/// spend a quarter of their time in the seven passes it replaces, on a GPU nearer to a half.
ResidualNorm residual_norm(const at::Tensor& residual,
                           const at::Tensor& branch,
                           const NormWeights& weights);

}  // namespace tessera::nn
