#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include "eval/clip/clip_options.h"
#include "nn/embedding.h"
#include "text/clip_layer.h"

namespace tessera::eval {

/// The vision tower: patches by one product, a class token, learned positions, LayerNorm, pre-norm
/// layers, LayerNorm of the class token's state, projection.
class ClipVisionImpl : public torch::nn::Module {
 public:
  explicit ClipVisionImpl(const ClipOptions& options);
  /// Pixels [B, 3, S, S], normalised -> states of class token and patches [B, 1 + N, D] float32,
  /// before the last LayerNorm.
  at::Tensor states(const at::Tensor& pixels);
  at::Tensor forward(const at::Tensor& pixels);  // -> [B, P]

 private:
  std::int64_t patch_;
  at::Tensor embed_;  // [D, 3, p, p]
  at::Tensor begin_;  // [D], the class token
  nn::Embedding positions_{nullptr};
  text::ClipNorm pre_norm_{nullptr};
  torch::nn::ModuleList layers_{nullptr};
  text::ClipNorm norm_{nullptr};
  at::Tensor head_;  // [P, D]
};
TORCH_MODULE(ClipVision);

/// The text tower: as text::make_clip_encoder, read off at the end token and projected.
class ClipTextImpl : public torch::nn::Module {
 public:
  explicit ClipTextImpl(const ClipOptions& options);
  /// ids [B, L] int64, L at most that of the options -> [B, L, D] float32 after the last LayerNorm.
  at::Tensor states(const at::Tensor& ids);
  at::Tensor forward(const at::Tensor& ids);  // -> [B, P]

 private:
  std::int64_t length_;
  std::int64_t end_token_;
  nn::Embedding pieces_{nullptr};
  nn::Embedding positions_{nullptr};
  torch::nn::ModuleList layers_{nullptr};
  text::ClipNorm norm_{nullptr};
  at::Tensor head_;  // [P, D]
};
TORCH_MODULE(ClipText);

/// Two towers into one space, and the learned temperature of their cosine. The weights hold
/// whatever was in memory until they are loaded or initialise_clip() sets them. Throws
/// kInvalidArgument.
class ClipModelImpl : public torch::nn::Module {
 public:
  explicit ClipModelImpl(const ClipOptions& options);

  const ClipOptions& options() const { return options_; }
  ClipVision& vision() { return vision_; }
  ClipText& text() { return text_; }

  /// Pixels [B, 3, S, S] as clip_pixels() gives them -> [B, P] float32. Throws kShapeMismatch.
  at::Tensor image_features(const at::Tensor& pixels);
  /// ids [B, L] int64 -> [B, P] float32; what stands behind the end token changes nothing. Throws
  /// kShapeMismatch for more ids than the tower has positions.
  at::Tensor text_features(const at::Tensor& ids);
  /// exp of the learned logarithm, at most 100: what a cosine is multiplied with to be a logit.
  at::Tensor scale() const;

 private:
  ClipOptions options_;
  ClipVision vision_{nullptr};
  ClipText text_{nullptr};
  at::Tensor logit_scale_;  // scalar
};
TORCH_MODULE(ClipModel);

/// Every parameter from `seed`; residual branches begin at nothing, the temperature at 1 / 0.07.
void initialise_clip(ClipModelImpl& model, std::uint64_t seed);

/// Rows divided by their L2 norm; a row of zeros stays one.
at::Tensor unit_rows(const at::Tensor& features);

/// Pictures [B, 3, S, S] float32 in [-1, 1] -> what the vision tower takes: (x/2 + 1/2 - mean) /
/// deviation of each channel.
at::Tensor clip_pixels(const at::Tensor& images, const ClipOptions& options);

}  // namespace tessera::eval
