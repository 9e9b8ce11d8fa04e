#include "diffusion/gaussian/loss.h"

#include <cmath>

#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "core/error.h"
#include "diffusion/gaussian/decoder.h"

namespace tessera::diffusion {
namespace {

bool one_of(const std::string& value, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (value == name) return true;
  }
  return false;
}

at::Tensor mean_of_rows(const at::Tensor& x) {
  return x.flatten(1).mean(1);
}

/// The reverse step that the answer means; where the objective is hybrid, only its variance learns.
GaussianMoments reverse_of(const GaussianProcess& process,
                           const GaussianEstimate& estimate,
                           const BoundPoint& point,
                           GaussianVariance variance) {
  GaussianMoments reverse = process.posterior(estimate.x0, point.x_t, point.t, point.s);
  reverse.log_variance =
      log_variance(process,
                   variance,
                   {.x_t = point.x_t, .t = point.t, .s = point.s, .raw = estimate.variance_raw});
  return reverse;
}

at::Tensor bound_of_rows(const GaussianProcess& process,
                         const GaussianLossInput& in,
                         AnswerKind kind,
                         const GaussianLossOptions& options) {
  const BoundPoint point{.x0 = in.x0.to(in.answer.scalar_type()),
                         .x_t = process.q_sample(in.x0, in.t, in.noise).to(in.answer.scalar_type()),
                         .t = in.t,
                         .s = in.t - 1};
  GaussianEstimate estimate =
      make_estimate(process, in.answer, kind, {.x_t = point.x_t, .t = in.t}, {.threshold = "none"});
  if (options.objective == "hybrid") estimate.x0 = estimate.x0.detach();
  const GaussianMoments reverse = reverse_of(process, estimate, point, kind.variance);
  return mean_of_rows(bound_term(process, point, reverse, options.decoder)) *
         static_cast<double>(process.steps());
}

void check_input(const GaussianLossInput& in, GaussianVariance variance) {
  TESSERA_CHECK(in.x0.dim() >= 2 && in.x0.sizes() == in.noise.sizes() && in.t.dim() == 1 &&
                    in.t.size(0) == in.x0.size(0),
                kShapeMismatch,
                "x_0 and noise must be [B, C, ...] and t [B], got ",
                in.x0.sizes(),
                ", ",
                in.noise.sizes(),
                " and ",
                in.t.sizes());
  std::vector<std::int64_t> wanted = in.x0.sizes().vec();
  if (is_learned(variance)) wanted[1] *= 2;
  TESSERA_CHECK(in.answer.sizes() == at::IntArrayRef(wanted),
                kShapeMismatch,
                "the network's answer must be ",
                at::IntArrayRef(wanted),
                " with the variance ",
                to_string(variance),
                ", got ",
                in.answer.sizes());
}

}  // namespace

void GaussianLossOptions::validate() const {
  TESSERA_CHECK(one_of(objective, {"simple", "bound", "hybrid"}),
                kInvalidArgument,
                "objective must be simple, bound or hybrid, got \"",
                objective,
                "\"");
  TESSERA_CHECK(one_of(weighting, {"none", "snr", "min-snr", "truncated-snr"}),
                kInvalidArgument,
                "weighting must be none, snr, min-snr or truncated-snr, got \"",
                weighting,
                "\"");
  TESSERA_CHECK(one_of(decoder, {"pixels", "continuous"}),
                kInvalidArgument,
                "decoder must be pixels or continuous, got \"",
                decoder,
                "\"");
  TESSERA_CHECK(std::isfinite(min_snr_gamma) && min_snr_gamma > 0.0,
                kInvalidArgument,
                "min_snr_gamma must be above 0, got ",
                min_snr_gamma);
  TESSERA_CHECK(std::isfinite(bound_weight) && bound_weight >= 0.0,
                kInvalidArgument,
                "bound_weight must be 0 or more, got ",
                bound_weight);
}

at::Tensor normal_kl(const GaussianMoments& a, const GaussianMoments& b) {
  const at::Tensor distance = a.mean - b.mean;
  const at::Tensor narrower = a.log_variance - b.log_variance;
  return 0.5 * (narrower.expm1() - narrower + distance * distance * (-b.log_variance).exp());
}

at::Tensor bound_term(const GaussianProcess& process,
                      const BoundPoint& point,
                      const GaussianMoments& reverse,
                      const std::string& decoder) {
  TESSERA_CHECK(one_of(decoder, {"pixels", "continuous"}),
                kInvalidArgument,
                "decoder must be pixels or continuous, got \"",
                decoder,
                "\"");
  GaussianMoments truth = process.posterior(point.x0, point.x_t, point.t, point.s);
  // Where s = 0 the posterior is a point; a width keeps the branch that is not taken finite.
  truth.log_variance = log_variance(
      process, GaussianVariance::kSmall, {.x_t = point.x_t, .t = point.t, .s = point.s});
  const at::Tensor kl = normal_kl(truth, reverse);
  const at::Tensor likelihood = decoder == "pixels" ? pixel_log_likelihood(point.x0, reverse)
                                                    : normal_log_density(point.x0, reverse);
  const at::Tensor last = per_row((point.s == 0).to(at::kDouble), point.x_t) > 0;
  return at::where(last, -likelihood, kl);
}

at::Tensor loss_weight(const GaussianProcess& process,
                       GaussianPrediction prediction,
                       const GaussianLossOptions& options,
                       const at::Tensor& t) {
  const at::Tensor log_snr = process.log_snr(t);
  if (options.weighting == "none") return at::zeros_like(log_snr) + 1.0;
  // log of the weight of the noise's squared error.
  at::Tensor log_weight = at::zeros_like(log_snr);
  if (options.weighting == "min-snr") {
    log_weight = (std::log(options.min_snr_gamma) - log_snr).clamp_max(0.0);
  }
  if (options.weighting == "truncated-snr") log_weight = (-log_snr).clamp_min(0.0);
  const GaussianStride<at::Tensor> c = process.stride(t, t - 1);
  switch (prediction) {
    case GaussianPrediction::kNoise:
      return log_weight.exp();
    case GaussianPrediction::kData:
      return (log_weight + log_snr).exp();
    case GaussianPrediction::kMean:
      return (log_weight + log_snr).exp() / c.x0_coefficient.square();
    case GaussianPrediction::kVelocity:
      return (log_weight + log_snr).exp() * c.noise_t.square();
    case GaussianPrediction::kScore:
      return log_weight.exp() * c.noise_t.square();
  }
  TESSERA_THROW(kInternal, "an unknown prediction");
}

GaussianLoss gaussian_loss(const GaussianProcess& process,
                           const GaussianLossInput& in,
                           AnswerKind kind,
                           const GaussianLossOptions& options) {
  options.validate();
  check_input(in, kind.variance);
  TESSERA_CHECK(
      is_learned(kind.variance) == (options.objective == "hybrid") || options.objective == "bound",
      kInvalidArgument,
      "the objective ",
      options.objective,
      " does not go with the variance ",
      to_string(kind.variance),
      ": a learned one needs bound or hybrid, and hybrid needs a learned one");
  const at::ScalarType wide = in.answer.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  GaussianLossInput cast{
      .x0 = in.x0.to(wide), .noise = in.noise.to(wide), .t = in.t, .answer = in.answer.to(wide)};
  const at::Tensor said = cast.answer.narrow(1, 0, cast.x0.size(1));
  const at::Tensor target =
      prediction_target(process, kind.prediction, cast.x0, cast.noise, cast.t);
  GaussianLoss loss{.squared_error = mean_of_rows((said - target).square())};
  const at::Tensor weighted =
      options.weighting == "none"
          ? loss.squared_error
          : loss.squared_error *
                loss_weight(process, kind.prediction, options, cast.t).to(said.device(), wide);
  if (options.objective == "simple") {
    loss.total = weighted;
    return loss;
  }
  loss.bound = bound_of_rows(process, cast, kind, options);
  loss.total =
      options.objective == "bound" ? loss.bound : weighted + options.bound_weight * loss.bound;
  return loss;
}

double bound_weight_of_noise(const GaussianProcess& process,
                             GaussianVariance variance,
                             std::int64_t t) {
  TESSERA_CHECK(!is_learned(variance),
                kInvalidArgument,
                "the weight of a learned variance is not a function of t; use large or small");
  const GaussianStride<double> c = process.stride(t, t - 1);
  const bool first = t == 1;
  const double sigma = first
                           ? std::exp(first_log_variance(process, 1))
                           : (variance == GaussianVariance::kLarge ? c.beta : c.posterior_variance);
  const double alpha = 1.0 - c.beta;
  return c.beta * c.beta / (2.0 * sigma * alpha * c.noise_t * c.noise_t);
}

}  // namespace tessera::diffusion
