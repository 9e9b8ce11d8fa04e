#pragma once

#include <torch/nn/modules/conv.h>

#include "vqvae/quantizer.h"

namespace tessera::vqvae {

/// Codes drawn from a distribution over the codebook, relaxed by the Gumbel-softmax (Jang et al.
/// 2017; Ramesh et al. 2021): logits l = proj(z); y = softmax((l + g) / temperature), g Gumbel
/// noise; vectors = y * codebook, or, where `gumbel_hard`, those of argmax y with y's gradient.
/// Loss: gumbel_kl_weight * mean KL(softmax(l) || uniform). Outside training: argmax l, no noise.
class GumbelQuantizer : public Quantizer {
 public:
  explicit GumbelQuantizer(const VqVaeOptions& options);

  Quantized quantize(const at::Tensor& features, const nn::Noise& noise, bool training) override;
  at::Tensor indices_of(const at::Tensor& features) const override;
  at::Tensor draw_indices(const at::Tensor& features, const nn::Noise& noise) const override;
  const at::Tensor& codebook() const override { return embed_; }
  void initialise(const nn::Rng& rng) override;
  /// Also sets proj so that the likeliest code is the nearest one.
  void initialise_codebook(const at::Tensor& features, const nn::Rng& rng) override;

  /// For annealing; above 0. Starts at options.gumbel_temperature.
  void set_temperature(double temperature);

 private:
  at::Tensor logits_of(const at::Tensor& features) const;  // [B, K, H, W]
  static at::Tensor gumbel_like(const at::Tensor& logits, const nn::Noise& noise);
  void set_codes(const at::Tensor& codes);

  double temperature_;
  double kl_weight_;
  bool hard_;
  torch::nn::Conv2d proj_;  // 1x1, D -> K
  at::Tensor embed_;        // [K, D]
};

}  // namespace tessera::vqvae
