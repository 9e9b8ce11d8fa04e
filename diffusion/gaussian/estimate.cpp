#include "diffusion/gaussian/estimate.h"

#include <cmath>

#include <ATen/ops/cat.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/quantile.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// The halves of an answer: what is predicted, and what the variance is made from.
struct Halves {
  at::Tensor prediction{};
  at::Tensor variance{};
};

Halves split(const at::Tensor& answer, GaussianVariance variance) {
  if (!is_learned(variance)) return {.prediction = answer};
  TESSERA_CHECK(answer.dim() >= 2 && answer.size(1) % 2 == 0,
                kShapeMismatch,
                "with the variance ",
                to_string(variance),
                " the network answers 2 C channels, got ",
                answer.sizes());
  const std::vector<at::Tensor> halves = answer.chunk(2, 1);
  return {.prediction = halves[0], .variance = halves[1]};
}

at::Tensor dynamic_threshold(const at::Tensor& x0, const ThresholdOptions& options) {
  const at::Tensor flat = x0.flatten(1).abs();
  const at::Tensor wide = flat.scalar_type() == at::kDouble ? flat : flat.to(at::kFloat);
  const at::Tensor bound =
      at::quantile(wide, options.percentile, 1).clamp_min(options.limit).to(at::kDouble);
  const at::Tensor limit = per_row(bound, x0);
  return at::minimum(at::maximum(x0, -limit), limit) * (options.limit / limit);
}

}  // namespace

void ThresholdOptions::validate() const {
  TESSERA_CHECK(threshold == "none" || threshold == "static" || threshold == "dynamic",
                kInvalidArgument,
                "threshold must be none, static or dynamic, got \"",
                threshold,
                "\"");
  TESSERA_CHECK(std::isfinite(limit) && limit > 0.0,
                kInvalidArgument,
                "threshold_limit must be above 0, got ",
                limit);
  TESSERA_CHECK(std::isfinite(percentile) && percentile > 0.0 && percentile <= 1.0,
                kInvalidArgument,
                "threshold_percentile must be in (0, 1], got ",
                percentile);
}

at::Tensor apply_threshold(const at::Tensor& x0, const ThresholdOptions& options) {
  options.validate();
  if (options.threshold == "static") return x0.clamp(-options.limit, options.limit);
  if (options.threshold == "dynamic") return dynamic_threshold(x0, options);
  return x0;
}

at::Tensor guide_prediction(const at::Tensor& conditional,
                            const at::Tensor& unconditional,
                            double scale,
                            GaussianVariance variance) {
  TESSERA_CHECK(std::isfinite(scale) && scale >= 0.0,
                kInvalidArgument,
                "guidance must be 0 or more, got ",
                scale);
  TESSERA_CHECK(conditional.sizes() == unconditional.sizes(),
                kShapeMismatch,
                "both answers of a guided step must have one shape, got ",
                conditional.sizes(),
                " and ",
                unconditional.sizes());
  const Halves wanted = split(conditional, variance);
  const Halves other = split(unconditional, variance);
  const at::Tensor guided = other.prediction + scale * (wanted.prediction - other.prediction);
  return wanted.variance.defined() ? at::cat({guided, wanted.variance}, 1) : guided;
}

GaussianEstimate make_estimate(const GaussianProcess& process,
                               const at::Tensor& answer,
                               AnswerKind kind,
                               const PredictionPoint& point,
                               const ThresholdOptions& threshold) {
  const Halves halves = split(answer, kind.variance);
  const at::Tensor said = halves.prediction.to(point.x_t.scalar_type());
  GaussianEstimate estimate;
  if (halves.variance.defined()) {
    estimate.variance_raw = halves.variance.to(point.x_t.scalar_type());
  }
  const at::Tensor x0 =
      convert_prediction(process, said, kind.prediction, GaussianPrediction::kData, point);
  estimate.x0 = apply_threshold(x0, threshold);
  // A thresholded picture and the old noise would not make x_t any more.
  estimate.noise =
      threshold.threshold == "none"
          ? convert_prediction(process, said, kind.prediction, GaussianPrediction::kNoise, point)
          : convert_prediction(
                process, estimate.x0, GaussianPrediction::kData, GaussianPrediction::kNoise, point);
  return estimate;
}

}  // namespace tessera::diffusion
