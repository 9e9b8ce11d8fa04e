#pragma once

#include <memory>

#include <torch/nn/module.h>

#include "vqvae/options.h"

namespace tessera::vqvae {

/// One side of a codec. Encoder: images [B, C, H*s, W*s], about [-1, 1] -> features [B, D, H, W],
/// s = options.downsample(); decoder: vectors [B, D, H, W] -> images, the encoder's mirror.
class Network : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& x) = 0;
};

/// The sides of options.architecture; throws kInvalidArgument for an unknown one.
std::shared_ptr<Network> make_encoder(const VqVaeOptions& options);
std::shared_ptr<Network> make_decoder(const VqVaeOptions& options);

}  // namespace tessera::vqvae
