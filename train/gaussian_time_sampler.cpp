#include "train/gaussian_time_sampler.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::train {
namespace {

constexpr std::int64_t kHistory = 10;
constexpr double kUniformShare = 0.001;

/// Row r of u in [0, 1) -> the row in 0..T-1 whose share of probability it falls into.
at::Tensor rows_at(const at::Tensor& share, const at::Tensor& p) {
  return at::searchsorted(p.cumsum(0), share.contiguous(), /*out_int32=*/false, /*right=*/true)
      .clamp_max(p.size(0) - 1);
}

}  // namespace

GaussianTimeSampler::GaussianTimeSampler(const std::string& kind, std::int64_t steps)
    : kind_(kind), steps_(steps) {
  constexpr std::array kKinds = {"uniform", "stratified", "antithetic", "second-moment"};
  TESSERA_CHECK(
      std::find(kKinds.begin(), kKinds.end(), kind) != kKinds.end(),
      kInvalidArgument,
      "time_sampler must be one of uniform, stratified, antithetic, second-moment, got \"",
      kind,
      "\"");
  if (kind_ != "second-moment") return;
  losses_ = at::zeros({steps, kHistory}, at::kDouble);
  count_ = at::zeros({steps}, at::kDouble);
}

at::Tensor GaussianTimeSampler::probabilities() const {
  const double even = 1.0 / static_cast<double>(steps_);
  const at::Tensor uniform = at::full({steps_}, even, at::kDouble);
  if (!losses_.defined() || !(count_ >= kHistory).all().item<bool>()) return uniform;
  const at::Tensor weight = losses_.square().mean(1).sqrt();
  const at::Tensor sum = weight.sum();
  if (!(sum.item<double>() > 0)) return uniform;
  return (1.0 - kUniformShare) * weight / sum + kUniformShare * even;
}

Times GaussianTimeSampler::draw(const nn::Rng& rng, std::int64_t step) const {
  const std::int64_t rows = rng.images.size(0);
  const at::Tensor p = probabilities();
  const at::Tensor u = rng.uniform(Purpose::kTime, step, {2}).to(at::kDouble);
  at::Tensor share = u.select(1, 0);
  if (kind_ == "stratified") {
    // Which share a row gets is drawn too: batches whose rows have an order must not tie it to t.
    const at::Tensor stratum = u.select(1, 1).argsort().argsort();
    share = (stratum + share) / static_cast<double>(rows);
  }
  at::Tensor row = rows_at(share, p);
  if (kind_ == "antithetic") {
    const std::int64_t half = (rows + 1) / 2;  // an odd batch's last row has no partner
    const at::Tensor first = row.narrow(0, 0, half);
    row = at::cat({first, steps_ - 1 - first.narrow(0, 0, rows - half)});
  }
  return {.t = row + 1, .probability = p.index_select(0, row)};
}

void GaussianTimeSampler::update(const at::Tensor& t, const at::Tensor& loss) {
  if (!losses_.defined()) return;
  const at::Tensor times = t.to(at::kCPU).contiguous();
  const at::Tensor values = loss.detach().to(at::kCPU, at::kDouble).contiguous();
  auto* losses = losses_.mutable_data_ptr<double>();
  auto* count = count_.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < times.size(0); ++i) {
    const std::int64_t row = times.const_data_ptr<std::int64_t>()[i] - 1;
    const std::int64_t place = static_cast<std::int64_t>(count[row]) % kHistory;
    losses[row * kHistory + place] = values.const_data_ptr<double>()[i];
    count[row] += 1.0;
  }
}

TensorMap GaussianTimeSampler::state() const {
  if (!losses_.defined()) return {};
  return {{"losses", losses_}, {"count", count_}};
}

}  // namespace tessera::train
