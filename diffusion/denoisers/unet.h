#pragma once

#include <cstdint>
#include <memory>

#include "diffusion/denoisers/unet_options.h"
#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/estimate.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// A U-Net over pictures or latents. Down: a convolution, then at every level residual blocks, each
/// with attention where the level has it, and half the sides; middle: residual block, attention,
/// residual block; up: the same levels backwards with one block more, each of which also sees a map
/// of the way down; GroupNorm, swish, a convolution that begins at zero. Pictures need not be of
/// `side`, but of sides that halve as often.
///
/// Weights are arbitrary until nn::initialise or a load.
class UNet : public GaussianDenoiser {
 public:
  /// What dropout draws of the next forward passes in training mode are keyed by: row r of a batch
  /// draws from row r of `rng`. Without it a network with dropout refuses to train.
  virtual void key_dropout(const nn::Rng& rng, std::int64_t step) = 0;
};

/// `kind` says how the answer is read. Throws kInvalidArgument where options and kind do not agree
/// on a learned variance.
std::shared_ptr<UNet> make_unet(const UNetOptions& options, AnswerKind kind);

}  // namespace tessera::diffusion
