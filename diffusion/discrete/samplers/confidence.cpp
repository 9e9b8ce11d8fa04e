#include "diffusion/discrete/samplers/confidence.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// Share of tokens still masked after `done` of `count` strides.
double masked_share(std::int64_t done, std::int64_t count) {
  if (done == count) return 0.0;
  return std::cos(0.5 * std::numbers::pi * static_cast<double>(done) / static_cast<double>(count));
}

/// The strides that begin carefully, as a share of all.
constexpr double kCarefulShare = 0.4;

/// How many of `open` tokens ([B, 1] float64) are known after a stride: rounded, halves down, and
/// one a stride at least. The curve is the cosine; but tokens of one stride are drawn apart from
/// each other, and while little of a picture is known they may begin two of them, with a background
/// each. So the first strides grow evenly, by the same factor each, from one token to where the
/// curve is at the end of them.
at::Tensor kept_of(const at::Tensor& open, const TimeStep& time) {
  at::Tensor kept = open * (1.0 - masked_share(time.index + 1, time.count));
  const std::int64_t careful = std::lround(kCarefulShare * static_cast<double>(time.count));
  if (time.index + 1 < careful) {
    const at::Tensor reached = open * (1.0 - masked_share(careful, time.count));
    kept = reached.clamp_min(1.0).pow(static_cast<double>(time.index) /
                                      static_cast<double>(careful - 1));
  }
  const at::Tensor least = open.clamp_max(static_cast<double>(time.index + 1));
  return (kept - 1e-9).round().maximum(least);
}

class ConfidenceSampler final : public DiscreteSampler {
 public:
  explicit ConfidenceSampler(const ConfidenceOptions& options) : options_(options) {}

  std::string_view name() const override { return "confidence"; }

  std::vector<TimeStep> plan(const Transition& transition,
                             const PlanRequest& request) const override {
    const std::int64_t trained = transition.steps();
    std::vector<TimeStep> plan = even_plan({.trained = trained, .wanted = request.steps});
    const auto time = [&](std::int64_t done) {
      const double share = masked_share(done, request.steps);
      return std::max<std::int64_t>(1, std::lround(share * static_cast<double>(trained)));
    };
    for (TimeStep& step : plan) {
      step.from = time(step.index);
      step.to = step.index + 1 == step.count ? 0 : time(step.index + 1);
    }
    return plan;
  }

  at::Tensor step(const Transition& transition,
                  const SamplerInput& in,
                  const nn::Noise& noise) const override {
    const auto mask = transition.mask_state();
    TESSERA_CHECK(mask,
                  kInvalidArgument,
                  "the confidence sampler needs a chain with a mask state; \"",
                  transition.name(),
                  "\" has none: use the ancestral sampler");
    const TimeStep& time = in.time;
    const at::Tensor locked = in.locked.defined() ? in.locked : at::zeros_like(in.x_t, at::kBool);
    const at::Tensor known = time.index == 0 ? locked : locked | (in.x_t != *mask);

    const DrawnCodes drawn =
        in.log_x0.draw(noise, {.purpose = Purpose::kCandidate, .step = time.index});
    const double warmth = options_.temperature * (1.0 - static_cast<double>(time.index + 1) /
                                                            static_cast<double>(time.count));
    const at::Tensor gumbel =
        noise.rng.gumbel(Purpose::kConfidence, time.index, {in.x_t.size(1)}, in.x_t.device());
    const at::Tensor score = drawn.log_p + warmth * gumbel;

    // Rank of each token, the surest first, the known before all; ties by position.
    const at::Tensor sure = score.masked_fill(known, INFINITY);
    const at::Tensor order = at::argsort(sure, /*stable=*/true, /*dim=*/-1, /*descending=*/true);
    const at::Tensor rank = at::argsort(order, /*stable=*/true, /*dim=*/-1, /*descending=*/false);

    const at::Tensor fixed = locked.sum(-1, /*keepdim=*/true);
    const at::Tensor open = (in.x_t.size(1) - fixed).to(at::kDouble);
    const at::Tensor kept = fixed + kept_of(open, time);
    const at::Tensor revealed = at::where(rank < kept, drawn.codes, *mask);
    return at::where(known, in.x_t, revealed);
  }

 private:
  ConfidenceOptions options_;
};

}  // namespace

std::unique_ptr<const DiscreteSampler> make_confidence_sampler(const ConfidenceOptions& options) {
  return std::make_unique<ConfidenceSampler>(options);
}

}  // namespace tessera::diffusion
