#include "pipeline/picture_space.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::pipeline {

PictureSpace::PictureSpace(std::shared_ptr<vqvae::VqVaeImpl> codec, const GaussianPathOptions& o)
    : codec_(std::move(codec)),
      nearest_(o.decoding == "nearest"),
      scale_(o.latent_scale > 0 ? o.latent_scale : 1.0) {
  if (!o.in_latents()) codec_.reset();
  TESSERA_CHECK(codec_ || !o.in_latents(), kInvalidArgument, "latents need a codec");
  if (!codec_ || o.latent_mean.empty()) return;
  TESSERA_CHECK(std::ssize(o.latent_mean) == codec_->options().code_dim,
                kShapeMismatch,
                "latent_mean has ",
                o.latent_mean.size(),
                " numbers, the codec's features ",
                codec_->options().code_dim,
                " channels");
  mean_ = at::tensor(o.latent_mean, at::kDouble).to(at::kFloat).view({1, -1, 1, 1});
}

at::Tensor PictureSpace::scaled(const at::Tensor& features) const {
  if (!codec_) return features;
  return (mean_.defined() ? features - mean_.to(features.device()) : features) * scale_;
}

at::Tensor PictureSpace::encode(const at::Tensor& images) const {
  return codec_ ? scaled(codec_->features(images)) : images;
}

at::Tensor PictureSpace::decode(const at::Tensor& x) const {
  if (!codec_) return x.clamp(-1.0, 1.0);
  at::Tensor features = x / scale_;
  if (mean_.defined()) features = features + mean_.to(x.device());
  if (nearest_) features = codec_->quantize(features, {}).vectors;
  return codec_->render(features).clamp(-1.0, 1.0);
}

void measure_latents(const at::Tensor& features, GaussianPathOptions& o) {
  const at::Tensor all = features.to(at::kCPU, at::kDouble);
  const at::Tensor mean = all.mean({0, 2, 3}, /*keepdim=*/true);
  const double variance = (all - mean).square().mean().item<double>();
  TESSERA_CHECK(std::isfinite(variance) && variance > 0,
                kInvalidArgument,
                "the codec's features do not vary: variance ",
                variance);
  o.latent_scale = 1.0 / std::sqrt(variance);
  const at::Tensor flat = mean.flatten().contiguous();
  o.latent_mean.assign(flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel());
}

}  // namespace tessera::pipeline
