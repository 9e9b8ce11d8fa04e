#include "diffusion/gaussian/bound.h"

#include <cmath>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"
#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/sampler.h"

namespace tessera::diffusion {
namespace {

const double kLn2 = std::log(2.0);

at::Tensor mean_of_rows(const at::Tensor& x) {
  return x.flatten(1).mean(1);
}

at::Tensor times(const GaussianProcess& process, const at::Tensor& x, std::int64_t t) {
  return at::full({x.size(0)}, t, at::TensorOptions().dtype(at::kLong).device(process.device()));
}

void check_plan(const std::vector<TimeStep>& plan, std::int64_t steps) {
  bool whole = plan.front().from == steps && plan.back().to == 0;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    whole = whole && plan[i].to < plan[i].from && plan[i].to >= 0;
    if (i > 0) whole = whole && plan[i].from == plan[i - 1].to;
  }
  TESSERA_CHECK(whole,
                kInvalidArgument,
                "the bound needs a plan that falls without gaps from ",
                steps,
                " to 0");
}

at::Tensor drawn(const nn::Rng& rng, const TimeStep& time, const at::Tensor& x) {
  return rng.normal(Purpose::kForward, time.index, x.sizes().slice(1), x.device())
      .to(x.scalar_type());
}

}  // namespace

at::Tensor BoundTerms::total() const {
  return prior + terms.sum(1);
}

at::Tensor BoundTerms::bits() const {
  return total() / kLn2;
}

GaussianBound::GaussianBound(const GaussianProcess& process,
                             GaussianDenoiser& denoiser,
                             BoundOptions options)
    : process_(process), denoiser_(denoiser), options_(std::move(options)) {
  options_.threshold.validate();
  const std::int64_t steps = process.steps();
  if (options_.plan.empty()) options_.plan = even_plan({.trained = steps, .wanted = steps});
  check_plan(options_.plan, steps);
  check_prediction(process.schedule(), denoiser.prediction());
}

at::Tensor GaussianBound::prior(const at::Tensor& x0) const {
  const GaussianSchedule& schedule = process_.schedule();
  const std::int64_t steps = schedule.steps();
  const double constant = prior_divergence(schedule, steps, 0.0);
  return mean_of_rows(x0.square()) * (0.5 * schedule.alpha_bar.back()) + constant;
}

GaussianBound::Step GaussianBound::look(const BoundInput& in,
                                        const TimeStep& time,
                                        const at::Tensor& x_t) {
  const PredictionPoint point{.x_t = x_t, .t = times(process_, x_t, time.from)};
  const at::Tensor answer = denoiser_.forward(point.x_t, point.t, in.condition);
  Step step;
  step.estimate =
      make_estimate(process_,
                    answer,
                    {.prediction = denoiser_.prediction(), .variance = denoiser_.variance()},
                    point,
                    options_.threshold);
  step.reverse = reverse_moments(
      process_, {.estimate = step.estimate, .x_t = x_t, .time = time}, denoiser_.variance());
  return step;
}

BoundStride GaussianBound::stride(const BoundInput& in,
                                  const TimeStep& time,
                                  const at::Tensor& noise) {
  const at::NoGradGuard no_grad;
  const at::Tensor t = times(process_, in.x0, time.from);
  const at::Tensor x_t = process_.q_sample(in.x0, t, noise);
  const Step step = look(in, time, x_t);
  const at::Tensor term =
      bound_term(process_,
                 {.x0 = in.x0, .x_t = x_t, .t = t, .s = times(process_, in.x0, time.to)},
                 step.reverse,
                 options_.decoder);
  return {.term = mean_of_rows(term),
          .squared_error = mean_of_rows((in.x0 - step.estimate.x0).square())};
}

BoundTerms GaussianBound::evaluate(const BoundInput& in, const nn::Rng& rng) {
  std::vector<at::Tensor> terms;
  std::vector<at::Tensor> errors;
  for (const TimeStep& time : options_.plan) {
    const BoundStride one = stride(in, time, drawn(rng, time, in.x0));
    terms.push_back(one.term);
    errors.push_back(one.squared_error);
  }
  return {.prior = prior(in.x0),
          .terms = at::stack(terms, 1),
          .squared_error = at::stack(errors, 1),
          .plan = options_.plan};
}

at::Tensor GaussianBound::path_likelihood(const BoundInput& in, const std::vector<nn::Rng>& paths) {
  TESSERA_CHECK(
      !paths.empty(), kInvalidArgument, "a likelihood by paths needs at least one path, got none");
  const at::NoGradGuard no_grad;
  const double numbers = static_cast<double>(in.x0.numel()) / static_cast<double>(in.x0.size(0));
  std::vector<at::Tensor> logs;
  for (const nn::Rng& rng : paths) {
    // Up the chain with noise keyed by the stride, adding log p(x_s | x_t) - log q(x_t | x_s).
    at::Tensor x_s = in.x0;
    at::Tensor log_ratio = at::zeros_like(in.x0);
    for (auto time = options_.plan.rbegin(); time != options_.plan.rend(); ++time) {
      const at::Tensor noise = drawn(rng, *time, in.x0);
      const at::Tensor x_t = process_.q_continue(
          x_s, times(process_, x_s, time->to), times(process_, x_s, time->from), noise);
      const GaussianMoments reverse = look(in, *time, x_t).reverse;
      const bool pixels = time->to == 0 && options_.decoder == "pixels";
      const at::Tensor down =
          pixels ? pixel_log_likelihood(x_s, reverse) : normal_log_density(x_s, reverse);
      const double log_beta = std::log(process_.stride(time->from, time->to).beta);
      const at::Tensor up = normal_log_density(
          noise, {.mean = at::zeros_like(noise), .log_variance = at::zeros_like(noise)});
      log_ratio = log_ratio + down - (up - 0.5 * log_beta);
      x_s = x_t;
    }
    log_ratio =
        log_ratio +
        normal_log_density(x_s, {.mean = at::zeros_like(x_s), .log_variance = at::zeros_like(x_s)});
    logs.push_back(log_ratio.flatten(1).sum(1));
  }
  const double log_paths = std::log(static_cast<double>(paths.size()));
  return -(at::logsumexp(at::stack(logs, 1), 1) - log_paths) / numbers;
}

std::vector<RatePoint> rate_distortion(const BoundTerms& terms) {
  std::vector<RatePoint> points;
  double nats = terms.prior.mean().item<double>();
  const at::Tensor by_stride = terms.terms.mean(0).to(at::kCPU, at::kDouble);
  const at::Tensor errors = terms.squared_error.mean(0).to(at::kCPU, at::kDouble);
  for (std::size_t i = 0; i < terms.plan.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    points.push_back({.t = terms.plan[i].from,
                      .rate = nats / kLn2,
                      .distortion = 127.5 * std::sqrt(errors[at].item<double>())});
    nats += by_stride[at].item<double>();
  }
  return points;
}

}  // namespace tessera::diffusion
