#include "vqvae/quantizer.h"

#include <array>
#include <string_view>

#include <torch/nn/module.h>

#include "core/error.h"
#include "vqvae/quantizers/ema.h"
#include "vqvae/quantizers/gumbel.h"
#include "vqvae/quantizers/straight_through.h"

namespace tessera::vqvae {
namespace {

constexpr double kInitialNoise = 0.01;  // of the features' own spread; parts codes that coincide

struct QuantizerEntry {
  std::string_view name;
  std::shared_ptr<Quantizer> (*make)(const VqVaeOptions&);
};

template <typename Kind>
std::shared_ptr<Quantizer> make(const VqVaeOptions& options) {
  return std::make_shared<Kind>(options);
}

constexpr std::array<QuantizerEntry, 3> kQuantizers{{
    {"ema", make<EmaQuantizer>},
    {"straight-through", make<StraightThroughQuantizer>},
    {"gumbel", make<GumbelQuantizer>},
}};

}  // namespace

std::shared_ptr<Quantizer> make_quantizer(const VqVaeOptions& options) {
  for (const QuantizerEntry& entry : kQuantizers) {
    if (entry.name == options.quantizer) return entry.make(options);
  }
  TESSERA_THROW(kInvalidArgument,
                "quantizer must be ema, straight-through or gumbel, got \"",
                options.quantizer,
                "\"");
}

at::Tensor Quantizer::codes(const at::Tensor& indices) const {
  TESSERA_CHECK(indices.dim() == 3,
                kShapeMismatch,
                "codes are looked up for indices [B, H, W], got ",
                indices.sizes());
  return at::embedding(codebook(), indices).permute({0, 3, 1, 2});
}

at::Tensor Quantizer::draw_indices(const at::Tensor& features, const nn::Noise& /*noise*/) const {
  return indices_of(features);
}

CodeStatistics Quantizer::statistics(const at::Tensor& features, const at::Tensor& indices) const {
  const at::Tensor& book = codebook();
  const at::Tensor rows = feature_rows(features, book);
  const at::Tensor chosen = indices.reshape({-1});
  TESSERA_CHECK(rows.size(0) == chosen.size(0),
                kShapeMismatch,
                "statistics of ",
                rows.size(0),
                " features with ",
                chosen.size(0),
                " indices");
  const at::NoGradGuard no_grad;
  return {.counts = count_codes(chosen, book.size(0)).to(book.scalar_type()),
          .sums = at::zeros_like(book).index_add_(0, chosen, rows)};
}

void Quantizer::update(const CodeStatistics& /*statistics*/) {}

std::int64_t Quantizer::revive(const at::Tensor& /*features*/,
                               const nn::Rng& /*rng*/,
                               std::int64_t /*step*/) {
  return 0;
}

at::Tensor feature_rows(const at::Tensor& features, const at::Tensor& codebook) {
  TESSERA_CHECK(features.dim() == 4 && features.size(1) == codebook.size(1),
                kShapeMismatch,
                "features must be [B, ",
                codebook.size(1),
                ", H, W] as the codebook's vectors, got ",
                features.sizes());
  return features.detach()
      .to(codebook.scalar_type())
      .permute({0, 2, 3, 1})
      .reshape({-1, codebook.size(1)});
}

at::Tensor draw_codes(const at::Tensor& features, const at::Tensor& codebook, const nn::Rng& rng) {
  const at::NoGradGuard no_grad;
  const at::Tensor rows = feature_rows(features, codebook);
  const std::int64_t wanted = codebook.size(0);
  TESSERA_CHECK(rows.size(0) > 0, kInvalidArgument, "no features to draw a codebook from");
  const nn::Rng one{.seed = rng.seed, .images = at::zeros({1}, at::kLong)};
  const at::Tensor order =
      one.uniform(Purpose::kRevive, 0, {rows.size(0)}, rows.device()).view(-1).argsort();
  const at::Tensor turn = at::arange(wanted, order.options()).remainder(rows.size(0));
  const at::Tensor noise =
      one.normal(Purpose::kInit, 0, codebook.sizes(), rows.device()).squeeze(0);
  const at::Tensor spread = rows.var(0, /*unbiased=*/false).mean().sqrt();
  return rows.index_select(0, order.index_select(0, turn)) + kInitialNoise * spread * noise;
}

}  // namespace tessera::vqvae
