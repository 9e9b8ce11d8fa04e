#include "diffusion/discrete/samplers/confidence.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/discrete/samplers/rank.h"

namespace tessera::diffusion {
namespace {

/// Share of tokens still masked after `done` of `count` strides.
double masked_share(std::int64_t done, std::int64_t count) {
  if (done == count) return 0.0;
  return std::cos(0.5 * std::numbers::pi * static_cast<double>(done) / static_cast<double>(count));
}

/// How many strides begin carefully: two fifths, or as many more as it takes that none of them
/// makes more than 2.4 times as many tokens known; two are left for the rest. Of 256 tokens that
/// are 6 of 16 strides and 7 of 9.
std::int64_t careful_strides(std::int64_t tokens, std::int64_t strides) {
  constexpr double kShare = 0.4;
  constexpr double kMostGrowth = 2.4;
  std::int64_t careful = std::lround(kShare * static_cast<double>(strides));
  const auto growth = [&](std::int64_t count) {
    const double reached = static_cast<double>(tokens) * (1.0 - masked_share(count, strides));
    return std::pow(reached, 1.0 / static_cast<double>(count - 1));
  };
  while (careful > 1 && careful < strides - 2 && growth(careful) > kMostGrowth) ++careful;
  return careful;
}

/// Each of `strides` that go over the canvas hides one of so many parts of it: a quarter, or more
/// where fewer strides are to go over all of it.
std::int64_t parts_of(std::int64_t strides) {
  return std::clamp<std::int64_t>(strides, 2, 4);
}

/// How many of `open` tokens ([B, 1] float64) are known after a stride: rounded, halves down, and
/// one a stride at least. The curve is the cosine; but tokens of one stride are drawn apart from
/// each other, and while little of a picture is known they may begin two of them, with a background
/// each. So the first strides grow evenly, by the same factor each, from one token to where the
/// curve is at the end of them.
at::Tensor kept_of(const at::Tensor& open,
                   std::int64_t stride,
                   std::int64_t strides,
                   std::int64_t careful) {
  at::Tensor kept = open * (1.0 - masked_share(stride + 1, strides));
  if (stride + 1 < careful) {
    const at::Tensor reached = open * (1.0 - masked_share(careful, strides));
    kept =
        reached.clamp_min(1.0).pow(static_cast<double>(stride) / static_cast<double>(careful - 1));
  }
  const at::Tensor least = open.clamp_max(static_cast<double>(stride + 1));
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
    const std::int64_t showing = showing_strides(request.steps);
    const std::int64_t parts = parts_of(request.steps - showing);
    const auto time = [&](std::int64_t done) {
      const double share = done < showing ? masked_share(done, showing) : 0.0;
      return std::max<std::int64_t>(1, std::lround(share * static_cast<double>(trained)));
    };
    for (TimeStep& step : plan) {
      step.from = time(step.index);
      step.to = step.index + 1 == step.count ? 0 : time(step.index + 1);
      if (step.index >= showing) step.told = std::max<std::int64_t>(1, trained / parts);
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
    const std::int64_t showing = showing_strides(time.count);
    const std::int64_t part = time.index + 1 - showing;  // which is hidden now; negative: none yet
    if (part >= 0) {
      const at::Tensor whole = at::where(known, in.x_t, drawn.codes);
      if (time.index + 1 == time.count) return whole;
      const std::int64_t parts = parts_of(time.count - showing);
      return at::where(in_part(part, in.x_t, parts, time, noise) & ~locked, *mask, whole);
    }

    const double warmth = options_.temperature * (1.0 - static_cast<double>(time.index + 1) /
                                                            static_cast<double>(showing));
    const at::Tensor gumbel =
        noise.rng.gumbel(Purpose::kConfidence, time.index, {in.x_t.size(1)}, in.x_t.device());
    const at::Tensor score = drawn.log_p + warmth * gumbel;

    // The surest first, the known before all.
    const at::Tensor rank = rank_of(score.masked_fill(known, INFINITY));

    const at::Tensor fixed = locked.sum(-1, /*keepdim=*/true);
    const at::Tensor open = (in.x_t.size(1) - fixed).to(at::kDouble);
    const at::Tensor kept =
        fixed + kept_of(open, time.index, showing, careful_strides(in.x_t.size(1), showing));
    const at::Tensor revealed = at::where(rank < kept, drawn.codes, *mask);
    return at::where(known, in.x_t, revealed);
  }

 private:
  /// Of so many strides those that show tokens; the others go over them.
  std::int64_t showing_strides(std::int64_t strides) const {
    const double revisits = std::ceil(options_.revisits * static_cast<double>(strides) - 1e-9);
    return strides - std::min(static_cast<std::int64_t>(revisits), strides - 1);
  }

  /// [B, N] bool: the tokens of a part, the parts of one round together being all.
  static at::Tensor in_part(std::int64_t part,
                            const at::Tensor& x_t,
                            std::int64_t parts,
                            const TimeStep& time,
                            const nn::Noise& noise) {
    // Every stride of a round draws the same numbers, under a step that no stride of the plan has.
    const at::Tensor u = noise.rng.uniform(
        Purpose::kConfidence, time.count + part / parts, {x_t.size(1)}, x_t.device());
    return rank_of(-u).remainder(parts) == part % parts;
  }

  ConfidenceOptions options_;
};

}  // namespace

std::unique_ptr<const DiscreteSampler> make_confidence_sampler(const ConfidenceOptions& options) {
  return std::make_unique<ConfidenceSampler>(options);
}

}  // namespace tessera::diffusion
