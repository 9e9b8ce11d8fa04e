#include "vqvae/quantizers/ema.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <torch/nn/module.h>

#include "core/error.h"
#include "vqvae/nearest_code.h"

namespace tessera::vqvae {
namespace {

constexpr double kLaplace = 1e-5;
constexpr double kDeadShare = 0.1;  // of the mean cluster size

}  // namespace

EmaQuantizer::EmaQuantizer(const VqVaeOptions& options)
    : decay_(options.ema_decay),
      commitment_weight_(options.commitment_weight),
      embedding_(
          register_buffer("embedding", at::zeros({options.codebook_size, options.code_dim}))),
      cluster_size_(register_buffer("cluster_size", at::zeros({options.codebook_size}))),
      embedding_avg_(
          register_buffer("embedding_avg", at::zeros({options.codebook_size, options.code_dim}))) {}

Quantized EmaQuantizer::quantize(const at::Tensor& features,
                                 const nn::Noise& /*noise*/,
                                 bool /*training*/) {
  const at::Tensor z = features.to(embedding_.scalar_type());
  const at::Tensor indices = indices_of(z);
  const at::Tensor e = codes(indices);
  return {.indices = indices,
          .vectors = z + (e - z).detach(),
          .loss = commitment_weight_ * (e - z).square().mean()};
}

at::Tensor EmaQuantizer::indices_of(const at::Tensor& features) const {
  return nearest_code(feature_rows(features, embedding_), embedding_)
      .view({features.size(0), features.size(2), features.size(3)});
}

void EmaQuantizer::initialise(const nn::Rng& rng) {
  const nn::Rng one{.seed = rng.seed, .images = at::zeros({1}, at::kLong)};
  set_codes(one.normal(Purpose::kInit, 0, embedding_.sizes(), embedding_.device()).squeeze(0), 1.0);
}

void EmaQuantizer::initialise_codebook(const at::Tensor& features, const nn::Rng& rng) {
  set_codes(draw_codes(features, embedding_, rng), 1.0);
}

void EmaQuantizer::set_codes(const at::Tensor& codes, double size) {
  const at::NoGradGuard no_grad;
  embedding_.copy_(codes);
  cluster_size_.fill_(size);
  embedding_avg_.copy_(embedding_ * size);
}

void EmaQuantizer::update(const CodeStatistics& statistics) {
  TESSERA_CHECK(statistics.counts.sizes() == cluster_size_.sizes() &&
                    statistics.sums.sizes() == embedding_avg_.sizes(),
                kShapeMismatch,
                "statistics of ",
                statistics.sums.sizes(),
                " for a codebook of ",
                embedding_.sizes());
  const at::NoGradGuard no_grad;
  cluster_size_.mul_(decay_).add_(statistics.counts, 1 - decay_);
  embedding_avg_.mul_(decay_).add_(statistics.sums, 1 - decay_);
  const at::Tensor total = cluster_size_.sum();
  const double codes = static_cast<double>(cluster_size_.size(0));
  const at::Tensor smooth = (cluster_size_ + kLaplace) / (total + codes * kLaplace) * total;
  embedding_.copy_(embedding_avg_ / smooth.unsqueeze(1));
}

std::int64_t EmaQuantizer::revive(const at::Tensor& features,
                                  const nn::Rng& rng,
                                  std::int64_t step) {
  const at::NoGradGuard no_grad;
  const at::Tensor mean = cluster_size_.mean();
  const at::Tensor dead = (cluster_size_ < kDeadShare * mean).nonzero().view(-1);
  const at::Tensor rows = feature_rows(features, embedding_);
  const std::int64_t count = std::min(dead.size(0), rows.size(0));
  if (count == 0) return 0;
  const at::Tensor nearest = embedding_.index_select(0, nearest_code(rows, embedding_));
  // The greatest log p + Gumbel noise are a draw without repetition in proportion to p.
  const nn::Rng one{.seed = rng.seed, .images = at::zeros({1}, at::kLong)};
  const at::Tensor noise =
      one.gumbel(Purpose::kRevive, step, {rows.size(0)}, rows.device()).view(-1);
  const at::Tensor error = (rows - nearest).square().sum(1);
  const at::Tensor drawn = std::get<1>((error.log() + noise).topk(count));
  const at::Tensor taken = dead.slice(0, 0, count);
  const at::Tensor fresh = rows.index_select(0, drawn);
  embedding_.index_copy_(0, taken, fresh);
  cluster_size_.index_copy_(0, taken, mean.expand({count}).contiguous());
  embedding_avg_.index_copy_(0, taken, fresh * mean);
  return count;
}

}  // namespace tessera::vqvae
