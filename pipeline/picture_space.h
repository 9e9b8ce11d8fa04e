#pragma once

#include <cstdint>
#include <memory>

#include <ATen/core/Tensor.h>

#include "pipeline/gaussian_path.h"
#include "vqvae/vqvae.h"

namespace tessera::pipeline {

/// Where Gaussian diffusion takes place: the pixels themselves, or latents, the features of a
/// VQ-VAE before they become codes, less their mean and scaled to a deviation of 1 (Rombach et al.
/// 2022, section 3 and appendix G).
class PictureSpace {
 public:
  /// `codec` may be null in pixel space; it is in evaluation mode and on its device. Throws
  /// kShapeMismatch where `latent_mean` has not one number a channel.
  PictureSpace(std::shared_ptr<vqvae::VqVaeImpl> codec, const GaussianPathOptions& options);

  /// Pictures [B, 3, H, W] in [-1, 1] -> [B, C, h, w].
  at::Tensor encode(const at::Tensor& images) const;
  /// Features as the codec gives them -> the same, scaled.
  at::Tensor scaled(const at::Tensor& features) const;
  /// The reverse of encode(): pictures, clamped to [-1, 1].
  at::Tensor decode(const at::Tensor& x) const;

 private:
  std::shared_ptr<vqvae::VqVaeImpl> codec_;
  bool nearest_;
  double scale_;
  at::Tensor mean_{};  // [1, C, 1, 1]; undefined = zeros
};

/// Mean of each channel and 1 / deviation about them of features [B, C, h, w], written into
/// `options`.
void measure_latents(const at::Tensor& features, GaussianPathOptions& options);

}  // namespace tessera::pipeline
