#include "vqvae/quantizers/gumbel.h"

#include <cmath>

#include <torch/nn.h>

#include "core/error.h"

namespace tessera::vqvae {

GumbelQuantizer::GumbelQuantizer(const VqVaeOptions& options)
    : temperature_(options.gumbel_temperature),
      kl_weight_(options.gumbel_kl_weight),
      hard_(options.gumbel_hard),
      proj_(register_module(
          "proj",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(options.code_dim, options.codebook_size, 1)))),
      embed_(register_parameter("embed", at::zeros({options.codebook_size, options.code_dim}))) {}

void GumbelQuantizer::set_temperature(double temperature) {
  TESSERA_CHECK(temperature > 0,
                kInvalidArgument,
                "the Gumbel temperature must be above 0, got ",
                temperature);
  temperature_ = temperature;
}

at::Tensor GumbelQuantizer::logits_of(const at::Tensor& features) const {
  TESSERA_CHECK(features.dim() == 4 && features.size(1) == embed_.size(1),
                kShapeMismatch,
                "features must be [B, ",
                embed_.size(1),
                ", H, W] as the codebook's vectors, got ",
                features.sizes());
  return at::conv2d(features.to(embed_.scalar_type()), proj_->weight, proj_->bias);
}

at::Tensor GumbelQuantizer::gumbel_like(const at::Tensor& logits, const nn::Noise& noise) {
  return noise.gumbel(Purpose::kGumbel, 0, logits.sizes().slice(1), logits.device())
      .to(logits.scalar_type());
}

Quantized GumbelQuantizer::quantize(const at::Tensor& features,
                                    const nn::Noise& noise,
                                    bool training) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor logits = logits_of(features);
  const std::int64_t count = embed_.size(0);
  const at::Tensor log_p = logits.log_softmax(1);
  const at::Tensor kl = (log_p.exp() * (log_p + std::log(static_cast<double>(count)))).sum(1);
  const at::Tensor loss = kl_weight_ * kl.mean();
  if (!training) {
    const at::Tensor indices = logits.argmax(1);
    return {.indices = indices, .vectors = codes(indices), .loss = loss};
  }
  const at::Tensor soft = ((logits + gumbel_like(logits, noise)) / temperature_).softmax(1);
  const at::Tensor indices = soft.argmax(1);
  at::Tensor mixture = soft;
  if (hard_) {
    const at::Tensor one_hot = at::zeros_like(soft).scatter_(1, indices.unsqueeze(1), 1.0);
    mixture = one_hot + (soft - soft.detach());
  }
  return {
      .indices = indices, .vectors = at::einsum("bkhw,kd->bdhw", {mixture, embed_}), .loss = loss};
}

at::Tensor GumbelQuantizer::indices_of(const at::Tensor& features) const {
  const at::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  return logits_of(features).argmax(1);
}

at::Tensor GumbelQuantizer::draw_indices(const at::Tensor& features, const nn::Noise& noise) const {
  const at::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::autocast_dispatch_keyset);
  const at::Tensor logits = logits_of(features);
  return (logits + gumbel_like(logits, noise)).argmax(1);
}

void GumbelQuantizer::initialise(const nn::Rng& rng) {
  const nn::Rng one{.seed = rng.seed, .images = at::zeros({1}, at::kLong)};
  set_codes(one.normal(Purpose::kInit, 0, embed_.sizes()).squeeze(0));
}

void GumbelQuantizer::initialise_codebook(const at::Tensor& features, const nn::Rng& rng) {
  set_codes(draw_codes(features, embed_, rng));
}

void GumbelQuantizer::set_codes(const at::Tensor& codes) {
  const at::NoGradGuard no_grad;
  embed_.copy_(codes);
  // Logits -|z - e|^2 less |z|^2, which softmax ignores.
  proj_->weight.copy_((2.0 * embed_).view_as(proj_->weight));
  proj_->bias.copy_(-embed_.square().sum(1));
}

}  // namespace tessera::vqvae
