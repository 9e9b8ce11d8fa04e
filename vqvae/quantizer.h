#pragma once

#include <cstdint>
#include <memory>

#include <torch/nn/module.h>

#include "nn/rng.h"
#include "vqvae/options.h"
#include "vqvae/vqvae.h"

namespace tessera::vqvae {

/// What one batch says about each code; plain sums, so that a distributed run adds them up first.
struct CodeStatistics {
  at::Tensor counts{};  // [K] float, features that chose the code
  at::Tensor sums{};    // [K, D] float, sum of those features
};

/// Features to codes and back, and how the codebook learns. R = B*H*W below.
///
/// One training step: quantize() and the backward pass; the optimiser's step; statistics() of the
/// batch, summed over the processes, to update(); now and then revive(). quantize() itself changes
/// nothing.
class Quantizer : public torch::nn::Module {
 public:
  /// features [B, D, H, W]; vectors carry their gradient straight through to the features.
  virtual Quantized quantize(const at::Tensor& features, const nn::Noise& noise, bool training) = 0;
  /// The code of each position without noise: features [B, D, H, W] -> [B, H, W] int64.
  virtual at::Tensor indices_of(const at::Tensor& features) const = 0;
  /// The same, drawn where the quantiser has a distribution over codes; else indices_of().
  virtual at::Tensor draw_indices(const at::Tensor& features, const nn::Noise& noise) const;
  /// indices [B, H, W] in [0, K) -> vectors [B, D, H, W]; gradient reaches a learned codebook.
  at::Tensor codes(const at::Tensor& indices) const;
  virtual const at::Tensor& codebook() const = 0;  // [K, D]

  /// Initial codes that know no data: N(0, 1).
  virtual void initialise(const nn::Rng& rng) = 0;
  /// Codes := features of the data, drawn without repetition where there are K of them, and a
  /// little noise. A codebook that begins away from the features collapses to a few codes. Best
  /// given some 4 K features or more of a briefly trained autoencoder, [B, D, H, W].
  virtual void initialise_codebook(const at::Tensor& features, const nn::Rng& rng) = 0;

  CodeStatistics statistics(const at::Tensor& features, const at::Tensor& indices) const;
  /// Moves the codebook where it is no matter of gradients.
  virtual void update(const CodeStatistics& statistics);
  /// Gives codes that lie idle to features that are badly served; returns how many. `step` counts
  /// the optimisation steps and keys the draw.
  virtual std::int64_t revive(const at::Tensor& features, const nn::Rng& rng, std::int64_t step);
};

/// The quantiser named by options.quantizer; throws kInvalidArgument for an unknown name.
std::shared_ptr<Quantizer> make_quantizer(const VqVaeOptions& options);

/// [B, D, H, W] -> [R, D], detached, in the codebook's number type.
at::Tensor feature_rows(const at::Tensor& features, const at::Tensor& codebook);
/// [K, D]: rows drawn from `features`, as initialise_codebook() says.
at::Tensor draw_codes(const at::Tensor& features, const at::Tensor& codebook, const nn::Rng& rng);

}  // namespace tessera::vqvae
