#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "diffusion/denoisers/unet_options.h"
#include "nn/convolution.h"

namespace tessera::diffusion {

at::Tensor mean_of_quads(const at::Tensor& x);  // [B, C, H, W] -> [B, C, H / 2, W / 2]
at::Tensor repeated(const at::Tensor& x);       // nearest: -> [B, C, 2 H, 2 W]

/// Half the sides: a 3x3 convolution of stride 2, or the mean of every 2x2 (no weights). DDPM's
/// convolution is padded below and to the right, as TensorFlow pads; Improved DDPM's on all sides.
class UNetDownImpl : public torch::nn::Module {
 public:
  UNetDownImpl(std::int64_t width, const UNetOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  nn::Convolution convolution_{nullptr};  // its weights, with a stride; empty for the mean
  bool at_the_end_;
};
TORCH_MODULE(UNetDown);

/// Twice the sides: every place repeated, then, unless "pool", a 3x3 convolution.
class UNetUpImpl : public torch::nn::Module {
 public:
  UNetUpImpl(std::int64_t width, const UNetOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  nn::Convolution convolution_{nullptr};
};
TORCH_MODULE(UNetUp);

}  // namespace tessera::diffusion
