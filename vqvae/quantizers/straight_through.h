#pragma once

#include "vqvae/quantizer.h"

namespace tessera::vqvae {

/// Codes learned by gradient (van den Oord et al. 2017, equation 3): the features' gradient is the
/// vectors', and loss = mean (e - sg[z])^2 + beta * mean (sg[e] - z)^2.
class StraightThroughQuantizer : public Quantizer {
 public:
  explicit StraightThroughQuantizer(const VqVaeOptions& options);

  Quantized quantize(const at::Tensor& features, const nn::Noise& noise, bool training) override;
  at::Tensor indices_of(const at::Tensor& features) const override;
  const at::Tensor& codebook() const override { return embedding_; }
  void initialise(const nn::Rng& rng) override;
  void initialise_codebook(const at::Tensor& features, const nn::Rng& rng) override;

 private:
  double commitment_weight_;
  at::Tensor embedding_;  // [K, D]
};

}  // namespace tessera::vqvae
