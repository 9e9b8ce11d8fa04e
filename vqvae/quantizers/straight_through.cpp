#include "vqvae/quantizers/straight_through.h"

#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "vqvae/nearest_code.h"

namespace tessera::vqvae {

StraightThroughQuantizer::StraightThroughQuantizer(const VqVaeOptions& options)
    : commitment_weight_(options.commitment_weight),
      embedding_(
          register_parameter("embedding", at::zeros({options.codebook_size, options.code_dim}))) {}

Quantized StraightThroughQuantizer::quantize(const at::Tensor& features,
                                             const nn::Noise& /*noise*/,
                                             bool /*training*/) {
  const at::Tensor z = features.to(embedding_.scalar_type());
  const at::Tensor indices = indices_of(z);
  const at::Tensor e = codes(indices);
  return {.indices = indices,
          .vectors = z + (e - z).detach(),
          .loss = (e - z.detach()).square().mean() +
                  commitment_weight_ * (e.detach() - z).square().mean()};
}

at::Tensor StraightThroughQuantizer::indices_of(const at::Tensor& features) const {
  return nearest_code(feature_rows(features, embedding_), embedding_)
      .view({features.size(0), features.size(2), features.size(3)});
}

void StraightThroughQuantizer::initialise(const nn::Rng& rng) {
  const at::NoGradGuard no_grad;
  const nn::Rng one{.seed = rng.seed, .images = at::zeros({1}, at::kLong)};
  embedding_.copy_(one.normal(Purpose::kInit, 0, embedding_.sizes()).squeeze(0));
}

void StraightThroughQuantizer::initialise_codebook(const at::Tensor& features, const nn::Rng& rng) {
  const at::NoGradGuard no_grad;
  embedding_.copy_(draw_codes(features, embedding_, rng));
}

}  // namespace tessera::vqvae
