#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "nn/attention.h"
#include "nn/linear.h"

namespace tessera::text {

/// The activation inside the MLP: GELU2, x * sigmoid(1.702 x), of OpenAI's weights, or GELU with
/// the error function, of most that were trained later.
enum class ClipActivation { kGelu2, kGelu };

/// "quick_gelu", "gelu"; throws kInvalidArgument listing them.
ClipActivation clip_activation_named(const std::string& name);

/// Sizes of one layer of either tower.
struct ClipLayerOptions {
  std::int64_t width = 512;  // D
  std::int64_t heads = 8;
  std::int64_t mlp_width = 2048;
  double layer_norm_eps = 1e-5;
  ClipActivation activation = ClipActivation::kGelu2;
};

/// LayerNorm whose weights may be narrower than what it norms. Begins as 1 and 0.
class ClipNormImpl : public torch::nn::Module {
 public:
  ClipNormImpl(std::int64_t width, double eps);
  at::Tensor forward(const at::Tensor& x);  // [..., D]
  void reset();                             // weight 1, bias 0

 private:
  double eps_;
  at::Tensor weight_;
  at::Tensor bias_;
};
TORCH_MODULE(ClipNorm);

/// The MLP of any width. GELU2 is not folded into the weights as in nn::FeedForward: that would
/// round weights of two bytes a second time.
class ClipMlpImpl : public torch::nn::Module {
 public:
  explicit ClipMlpImpl(const ClipLayerOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  ClipActivation activation_;
  nn::Linear up_{nullptr};
  nn::Linear out_{nullptr};
};
TORCH_MODULE(ClipMlp);

/// One pre-norm layer of CLIP's towers (Radford et al. 2021): self-attention, then the MLP.
class ClipLayerImpl : public torch::nn::Module {
 public:
  explicit ClipLayerImpl(const ClipLayerOptions& options);
  /// x [B, N, D] in float32 or wider; the branches run in `type`, that of the weights. `mask` as
  /// nn::SelfAttention takes it.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& mask, at::ScalarType type);

 private:
  ClipNorm attention_norm_{nullptr};
  nn::SelfAttention attention_{nullptr};
  ClipNorm mlp_norm_{nullptr};
  ClipMlp mlp_{nullptr};
};
TORCH_MODULE(ClipLayer);

}  // namespace tessera::text
