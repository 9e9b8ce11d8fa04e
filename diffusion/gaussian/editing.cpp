#include "diffusion/gaussian/editing.h"

#include <algorithm>
#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/where.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// Whether a tensor's size `is` may stand for `wanted`.
bool fits(std::int64_t is, std::int64_t wanted) {
  return is == wanted || is == 1;
}

void check_known(const at::Tensor& x, const KnownRegion& known) {
  TESSERA_CHECK(known.keep.scalar_type() == at::kBool,
                kInvalidArgument,
                "the mask of the known part must be bool (true = keep), got ",
                at::toString(known.keep.scalar_type()));
  const auto whole = [&](const at::Tensor& part) {
    if (part.dim() != x.dim() || x.dim() < 2 || !fits(part.size(0), x.size(0))) return false;
    return part.sizes().slice(2) == x.sizes().slice(2);
  };
  TESSERA_CHECK(whole(known.x0) && known.x0.size(1) == x.size(1),
                kShapeMismatch,
                "the known picture must have the size of the canvas, ",
                x.sizes(),
                ", got ",
                known.x0.sizes());
  TESSERA_CHECK(whole(known.keep) && fits(known.keep.size(1), x.size(1)),
                kShapeMismatch,
                "the mask must have the size of the canvas, ",
                x.sizes(),
                " (or one channel), got ",
                known.keep.sizes());
}

void check_share(double lambda) {
  TESSERA_CHECK(std::isfinite(lambda) && lambda >= 0.0 && lambda <= 1.0,
                kInvalidArgument,
                "lambda must be in [0, 1], got ",
                lambda);
}

void check_pair(const at::Tensor& a, const at::Tensor& b) {
  TESSERA_CHECK(a.sizes() == b.sizes(),
                kShapeMismatch,
                "both ends of an interpolation must have one shape, got ",
                a.sizes(),
                " and ",
                b.sizes());
}

/// One step of the inversion: the estimate at time `told` carries x to this level.
struct Climb {
  std::int64_t told = 1;
  double signal = 0.0;
  double noise = 1.0;
  bool clean = false;  // x is x_0 itself
};

std::vector<Climb> climbs_of(const GaussianProcess& process,
                             const ChainOptions& options,
                             InversionRule rule) {
  const std::int64_t steps = process.steps();
  const std::vector<TimeStep> plan =
      !options.plan.empty()
          ? options.plan
          : even_plan({.trained = steps, .wanted = options.steps == 0 ? steps : options.steps});
  const GaussianSchedule& schedule = process.schedule();
  std::vector<Climb> climbs;
  for (auto stride = plan.rbegin(); stride != plan.rend(); ++stride) {
    const Climb level{.signal = schedule.signal(stride->from),
                      .noise = schedule.noise(stride->from)};
    if (rule == InversionRule::kPublished) {
      if (!climbs.empty()) {
        climbs.back().signal = level.signal;
        climbs.back().noise = level.noise;
      }
      climbs.push_back({.told = stride->from});
    } else {
      const bool clean = climbs.empty();
      climbs.push_back({.told = clean ? stride->from : stride->to,
                        .signal = level.signal,
                        .noise = level.noise,
                        .clean = clean});
    }
  }
  return climbs;
}

}  // namespace

at::Tensor impose_known(const GaussianProcess& process,
                        const at::Tensor& x,
                        const KnownRegion& known,
                        std::int64_t s,
                        const at::Tensor& normals) {
  check_known(x, known);
  const at::Tensor picture = known.x0.to(x.options()).expand_as(x);
  if (s == 0 || known.rule == KnownRule::kClamp) return at::where(known.keep, picture, x);
  const at::Tensor t =
      at::full({x.size(0)}, s, at::TensorOptions().dtype(at::kLong).device(process.device()));
  return at::where(known.keep, process.q_sample(picture, t, normals.to(x.options())), x);
}

std::function<at::Tensor(const ChainStep&)> hold_known(const GaussianProcess& process,
                                                       KnownRegion known,
                                                       const nn::Noise& noise) {
  return [&process, known = std::move(known), noise](const ChainStep& step) {
    const at::Tensor normals = noise.rng.normal(
        Purpose::kForward, step.time.index, step.x.sizes().slice(1), step.x.device());
    return impose_known(process, step.x, known, step.time.to, normals);
  };
}

std::vector<TimeStep> plan_from(const std::vector<TimeStep>& plan, std::int64_t t) {
  TESSERA_CHECK(!plan.empty(), kInvalidArgument, "a plan of no strides cannot be cut");
  TESSERA_CHECK(t >= 1 && t <= plan.front().from,
                kInvalidArgument,
                "a chain can start in 1..",
                plan.front().from,
                ", got ",
                t);
  std::vector<TimeStep> rest;
  for (TimeStep time : plan) {
    if (time.from > t && time.to >= t) continue;
    if (rest.empty()) time.from = t;
    rest.push_back(time);
  }
  const auto count = static_cast<std::int64_t>(rest.size());
  for (std::int64_t i = 0; i < count; ++i) {
    rest[static_cast<std::size_t>(i)].index = i;
    rest[static_cast<std::size_t>(i)].count = count;
  }
  return rest;
}

std::int64_t time_of_strength(std::int64_t steps, double strength) {
  TESSERA_CHECK(std::isfinite(strength) && strength > 0.0 && strength <= 1.0,
                kInvalidArgument,
                "strength must be in (0, 1], got ",
                strength);
  const auto t = static_cast<std::int64_t>(std::lround(strength * static_cast<double>(steps)));
  return std::clamp<std::int64_t>(t, 1, steps);
}

at::Tensor lerp_states(const at::Tensor& a, const at::Tensor& b, double lambda) {
  check_share(lambda);
  check_pair(a, b);
  return (1.0 - lambda) * a + lambda * b;
}

at::Tensor slerp_states(const at::Tensor& a, const at::Tensor& b, double lambda) {
  check_share(lambda);
  check_pair(a, b);
  const at::Tensor flat_a = a.flatten(1).to(at::kDouble);
  const at::Tensor flat_b = b.flatten(1).to(at::kDouble);
  const at::Tensor cosine =
      (flat_a * flat_b).sum(1) / (flat_a.norm(2, 1) * flat_b.norm(2, 1)).clamp_min(1e-300);
  const at::Tensor angle = cosine.clamp(-1.0, 1.0).acos();
  const at::Tensor sine = angle.sin();
  const at::Tensor parallel = sine.abs() < 1e-6;
  const at::Tensor divisor = at::where(parallel, at::ones_like(sine), sine);
  const at::Tensor of_a = at::where(
      parallel, at::full_like(sine, 1.0 - lambda), (angle * (1.0 - lambda)).sin() / divisor);
  const at::Tensor of_b =
      at::where(parallel, at::full_like(sine, lambda), (angle * lambda).sin() / divisor);
  return per_row(of_a, a) * a + per_row(of_b, b) * b;
}

at::Tensor invert_ddim(const GaussianProcess& process,
                       GaussianDenoiser& denoiser,
                       const at::Tensor& x0,
                       const ChainOptions& options,
                       InversionRule rule) {
  const at::NoGradGuard no_grad;
  const std::vector<Climb> climbs = climbs_of(process, options, rule);
  const AnswerKind kind{.prediction = denoiser.prediction(), .variance = denoiser.variance()};
  at::Tensor x = x0;
  for (const Climb& climb : climbs) {
    TESSERA_CHECK(!options.stop.stop_requested(), kCancelled, "cancelled while inverting");
    const at::Tensor t = at::full(
        {x.size(0)}, climb.told, at::TensorOptions().dtype(at::kLong).device(process.device()));
    const PredictionPoint point{.x_t = x, .t = t};
    const GaussianEstimate estimate = make_estimate(
        process, guided_answer(denoiser, point, options), kind, point, options.threshold);
    x = climb.signal * (climb.clean ? x : estimate.x0) + climb.noise * estimate.noise;
  }
  return x;
}

}  // namespace tessera::diffusion
