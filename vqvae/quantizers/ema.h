#pragma once

#include "vqvae/quantizer.h"

namespace tessera::vqvae {

/// Codes are moving averages of the features that chose them (van den Oord et al. 2017, appendix
/// A.1; Razavi et al. 2019):
///     n_i <- d n_i + (1-d) count_i,   m_i <- d m_i + (1-d) sum_i,
///     e_i = m_i / n'_i,   n'_i = N (n_i + eps) / (N + K eps),   N = sum n,   eps = 1e-5.
/// Loss: beta * mean (sg[e] - z)^2. n, m and e are buffers, so a checkpoint carries them.
class EmaQuantizer : public Quantizer {
 public:
  explicit EmaQuantizer(const VqVaeOptions& options);

  Quantized quantize(const at::Tensor& features, const nn::Noise& noise, bool training) override;
  at::Tensor indices_of(const at::Tensor& features) const override;
  const at::Tensor& codebook() const override { return embedding_; }
  void initialise(const nn::Rng& rng) override;
  void initialise_codebook(const at::Tensor& features, const nn::Rng& rng) override;
  void update(const CodeStatistics& statistics) override;
  /// Codes with n below a tenth of the mean take features of this batch, drawn without repetition
  /// in proportion to their squared error. Waits for the device once.
  std::int64_t revive(const at::Tensor& features, const nn::Rng& rng, std::int64_t step) override;

 private:
  void set_codes(const at::Tensor& codes, double size);

  double decay_;
  double commitment_weight_;
  at::Tensor embedding_;      // [K, D] e
  at::Tensor cluster_size_;   // [K] n
  at::Tensor embedding_avg_;  // [K, D] m
};

}  // namespace tessera::vqvae
