#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/prediction.h"
#include "diffusion/gaussian/variance.h"

namespace tessera::diffusion {

/// What is done to the estimate of x_0 before a step.
struct ThresholdOptions {
  std::string threshold = "static";  // none; static: clamp; dynamic (Imagen)
  double limit = 1.0;                // pictures live in [-limit, limit]
  double percentile = 0.995;         // dynamic: of |x_0| a picture, in (0, 1]
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, ThresholdOptions& o) {
  v("threshold", o.threshold, "none, static or dynamic limit of the estimated picture");
  v("threshold_limit", o.limit, "largest absolute value of a picture");
  v("threshold_percentile", o.percentile, "dynamic threshold: share of values that stay inside");
}

/// `x0` [B, ...] kept within its limits. dynamic: clamp to +-q and multiply by limit / q, q the
/// percentile of |x_0| of each picture, at least `limit`.
at::Tensor apply_threshold(const at::Tensor& x0, const ThresholdOptions& options);

/// Classifier-free guidance of a network's answer, uncond + scale (cond - uncond). Works for every
/// prediction. Where the variance is learned, only the first half is guided and the second is the
/// conditional one's. Both [B, C or 2C, ...]; scale >= 0.
at::Tensor guide_prediction(const at::Tensor& conditional,
                            const at::Tensor& unconditional,
                            double scale,
                            GaussianVariance variance);

/// How a network's answer is read.
struct AnswerKind {
  GaussianPrediction prediction = GaussianPrediction::kNoise;
  GaussianVariance variance = GaussianVariance::kLarge;
};

/// What a sampler sees of the network: one answer in the forms it needs.
struct GaussianEstimate {
  at::Tensor x0{};            // [B, ...], thresholded
  at::Tensor noise{};         // [B, ...], that belongs to x0 and x_t
  at::Tensor variance_raw{};  // the second half of the answer; undefined where not learned
};

/// The network's answer (guided already) at (x_t, t) as estimates.
GaussianEstimate make_estimate(const GaussianProcess& process,
                               const at::Tensor& answer,
                               AnswerKind kind,
                               const PredictionPoint& point,
                               const ThresholdOptions& threshold);

}  // namespace tessera::diffusion
