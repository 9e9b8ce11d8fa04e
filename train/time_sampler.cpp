#include "train/time_sampler.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::train {
namespace {

constexpr double kMinimumCount = 10;
constexpr double kForget = 0.1;

}  // namespace

TimeSampler::TimeSampler(const std::string& kind, std::int64_t steps)
    : importance_(kind == "importance"),
      history_(at::zeros({steps}, at::kDouble)),
      count_(at::zeros({steps}, at::kDouble)) {
  TESSERA_CHECK(importance_ || kind == "uniform",
                kInvalidArgument,
                "time_sampler must be uniform or importance, got \"",
                kind,
                "\"");
}

at::Tensor TimeSampler::probabilities() const {
  const bool known = importance_ && (count_ > kMinimumCount).all().item<bool>();
  if (!known) return at::full_like(history_, 1.0 / static_cast<double>(history_.size(0)));
  at::Tensor weight = (history_ + 1e-10).sqrt() + 1e-4;
  if (weight.size(0) > 1) weight[0] = weight[1];
  return weight / weight.sum();
}

Times TimeSampler::draw(const nn::Rng& rng, std::int64_t step) const {
  const std::int64_t rows = rng.images.size(0);
  const at::Tensor p = probabilities();
  const at::Tensor u = rng.uniform(Purpose::kTime, step, {2}).to(at::kDouble);
  // Which share a row gets is drawn too: batches whose rows have an order must not tie it to t.
  const at::Tensor stratum = u.select(1, 1).argsort().argsort();
  const at::Tensor share = (stratum + u.select(1, 0)) / static_cast<double>(rows);
  const at::Tensor row = at::searchsorted(p.cumsum(0), share, /*out_int32=*/false, /*right=*/true)
                             .clamp_max(history_.size(0) - 1);
  return {.t = row + 1, .probability = p.index_select(0, row)};
}

void TimeSampler::update(const at::Tensor& t, const at::Tensor& bound) {
  if (!importance_) return;
  const at::Tensor times = t.to(at::kCPU).contiguous();
  const at::Tensor bounds = bound.detach().to(at::kCPU, at::kDouble).contiguous();
  auto* history = history_.mutable_data_ptr<double>();
  auto* count = count_.mutable_data_ptr<double>();
  for (std::int64_t i = 0; i < times.size(0); ++i) {
    const std::int64_t row = times.const_data_ptr<std::int64_t>()[i] - 1;
    const double value = bounds.const_data_ptr<double>()[i];
    history[row] = kForget * value * value + (1.0 - kForget) * history[row];
    count[row] += 1.0;
  }
}

}  // namespace tessera::train
