#include <ATen/ops/full.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include "core/error.h"
#include "diffusion/gaussian/oracles/exact_denoiser.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"

namespace tessera::diffusion {
namespace {

/// [P] log weights, normalised; equal where none are given.
at::Tensor log_weights(const at::Tensor& weights, std::int64_t count) {
  if (!weights.defined()) {
    return at::full({count}, 1.0, at::TensorOptions().dtype(at::kDouble)).log_softmax(0);
  }
  TESSERA_CHECK(weights.numel() == count && (weights >= 0).all().item<bool>() &&
                    weights.sum().item<double>() > 0.0,
                kInvalidArgument,
                "weights must be ",
                count,
                " numbers of 0 or more, not all 0");
  const at::Tensor wide = weights.to(at::kCPU, at::kDouble).flatten();
  return (wide / wide.sum()).log();
}

/// sum_p w_p (v_p - mean)^2, [B, D], of values [P, D] or [B, P, D] with weights [B, P].
at::Tensor spread(const at::Tensor& weights, const at::Tensor& values, const at::Tensor& mean) {
  const at::Tensor off = (values.dim() == 2 ? values.unsqueeze(0) : values) - mean.unsqueeze(1);
  return (weights.unsqueeze(2) * off.square()).sum(1);
}

class FiniteData final : public ExactDenoiser {
 public:
  FiniteData(const GaussianSchedule& schedule,
             const at::Tensor& points,
             const at::Tensor& weights,
             AnswerKind kind)
      : ExactDenoiser(schedule, kind),
        points_(points.to(at::kCPU, at::kDouble).flatten(1)),
        log_weights_(log_weights(weights, points.size(0))) {}

 private:
  /// Weights proportional to exp(-|x_t - sqrt(alpha_bar) x_p|^2 / 2 (1 - alpha_bar)).
  Moments moments(const View& view) const override {
    const at::Tensor inner = at::matmul(view.x_t, points_.transpose(0, 1));
    const at::Tensor fit =
        (view.signal * inner - 0.5 * view.signal.square() * points_.square().sum(1)) / view.noise;
    const at::Tensor weights = at::softmax(fit + log_weights_, 1);
    Moments m{.mean = at::matmul(weights, points_)};
    if (wants_variance()) m.variance = spread(weights, points_, m.mean);
    return m;
  }

  at::Tensor points_;       // [P, D]
  at::Tensor log_weights_;  // [P]
};

class MixtureDenoiser final : public ExactDenoiser {
 public:
  MixtureDenoiser(const GaussianSchedule& schedule, const MixtureData& data, AnswerKind kind)
      : ExactDenoiser(schedule, kind),
        means_(data.means.to(at::kCPU, at::kDouble).flatten(1)),
        variances_(data.variances.to(at::kCPU, at::kDouble).flatten()),
        log_weights_(log_weights(data.weights, data.means.size(0))) {}

 private:
  Moments moments(const View& view) const override {
    const at::Tensor total = view.signal.square() * variances_ + view.noise;  // [B, P]
    const at::Tensor off =
        view.x_t.unsqueeze(1) - view.signal.unsqueeze(2) * means_.unsqueeze(0);  // [B, P, D]
    const auto numbers = static_cast<double>(means_.size(1));
    const at::Tensor fit = -0.5 * (off.square().sum(2) / total + numbers * total.log());
    const at::Tensor weights = at::softmax(fit + log_weights_, 1);
    const at::Tensor each =
        means_.unsqueeze(0) + (view.signal * variances_ / total).unsqueeze(2) * off;
    Moments m{.mean = (weights.unsqueeze(2) * each).sum(1)};
    if (wants_variance()) {
      const at::Tensor within = (weights * variances_ * view.noise / total).sum(1, true);
      m.variance = within + spread(weights, each, m.mean);
    }
    return m;
  }

  at::Tensor means_;        // [P, D]
  at::Tensor variances_;    // [P]
  at::Tensor log_weights_;  // [P]
};

}  // namespace

std::shared_ptr<GaussianDenoiser> make_finite_data_denoiser(const GaussianSchedule& schedule,
                                                            const at::Tensor& points,
                                                            const at::Tensor& weights,
                                                            AnswerKind kind) {
  TESSERA_CHECK(points.dim() >= 2 && points.size(0) >= 1,
                kShapeMismatch,
                "points must be [P, C, H, W] with at least one, got ",
                points.sizes());
  return std::make_shared<FiniteData>(schedule, points, weights, kind);
}

std::shared_ptr<GaussianDenoiser> make_mixture_data_denoiser(const GaussianSchedule& schedule,
                                                             const MixtureData& data,
                                                             AnswerKind kind) {
  TESSERA_CHECK(data.means.dim() >= 2 && data.variances.dim() == 1 &&
                    data.variances.size(0) == data.means.size(0),
                kShapeMismatch,
                "a mixture needs means [P, C, H, W] and variances [P], got ",
                data.means.sizes(),
                " and ",
                data.variances.sizes());
  TESSERA_CHECK((data.variances >= 0).all().item<bool>(),
                kInvalidArgument,
                "the variances of a mixture must not be negative");
  return std::make_shared<MixtureDenoiser>(schedule, data, kind);
}

}  // namespace tessera::diffusion
