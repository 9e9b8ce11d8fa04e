#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tessera::vqvae {

struct PatchDiscriminatorOptions {
  std::int64_t image_channels = 3;
  std::int64_t channels = 64;  // of the first layer; doubled by each further one
  std::int64_t layers = 3;     // that halve the picture; a judged patch is about 9 · 2^layers wide
};

/// Tells pictures from reconstructions patch by patch (Isola et al. 2017, section 3.2.2), with
/// group normalisation in place of batch normalisation, so that a row's score is its own.
class PatchDiscriminatorImpl : public torch::nn::Module {
 public:
  explicit PatchDiscriminatorImpl(const PatchDiscriminatorOptions& options);

  /// All weights from `seed`, the same on every machine.
  void initialise(std::uint64_t seed);

  /// images [B, C, H, W] in about [-1, 1], sides multiples of 2^layers -> the states after each
  /// layer, the scores last: [B, 1, H / 2^layers, W / 2^layers], above 0 = a true picture.
  std::vector<at::Tensor> forward(const at::Tensor& images);

 private:
  std::vector<std::shared_ptr<torch::nn::Module>> stages_{};
};
TORCH_MODULE(PatchDiscriminator);

/// Hinge loss of the discriminator (Lim and Ye 2017; Esser et al. 2021, equation 5 with this
/// hinge): mean max(0, 1 - true) + mean max(0, 1 + made), halved. Scalar.
at::Tensor discriminator_loss(const at::Tensor& true_scores, const at::Tensor& made_scores);

/// Feature matching (Wang et al. 2018, equation 4): mean absolute difference of the states after
/// each layer but the scores, averaged over the layers: a perceptual distance by a network that has
/// seen nothing but the training pictures. No gradient flows to `true_states`. Scalar.
at::Tensor feature_distance(const std::vector<at::Tensor>& true_states,
                            const std::vector<at::Tensor>& made_states);

}  // namespace tessera::vqvae
