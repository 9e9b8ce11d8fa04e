#include "diffusion/gaussian/oracles/gaussian_data.h"

#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/matmul.h>

#include "core/error.h"
#include "diffusion/gaussian/oracles/exact_denoiser.h"

namespace tessera::diffusion {
namespace {

/// Scalar or diagonal: x_0 | x_t a number at a time.
class DiagonalData final : public ExactDenoiser {
 public:
  DiagonalData(const GaussianSchedule& schedule, const GaussianData& data, AnswerKind kind)
      : ExactDenoiser(schedule, kind),
        mean_(data.mean.to(at::kCPU, at::kDouble).flatten()),
        variance_(data.variance.to(at::kCPU, at::kDouble).flatten()) {}

 private:
  Moments moments(const View& view) const override {
    const at::Tensor total = view.signal.square() * variance_ + view.noise;
    const at::Tensor off = view.x_t - view.signal * mean_;
    return {.mean = mean_ + view.signal * variance_ / total * off,
            .variance = (variance_ * view.noise / total).expand_as(view.x_t)};
  }

  at::Tensor mean_;      // [D] or [1]
  at::Tensor variance_;  // [D] or [1]
};

/// Full covariance, in its eigenbasis.
class CorrelatedData final : public ExactDenoiser {
 public:
  CorrelatedData(const GaussianSchedule& schedule, const GaussianData& data, AnswerKind kind)
      : ExactDenoiser(schedule, kind), mean_(data.mean.to(at::kCPU, at::kDouble).flatten()) {
    const auto [values, vectors] = at::linalg_eigh(data.covariance.to(at::kCPU, at::kDouble));
    TESSERA_CHECK(values.min().item<double>() >= -1e-12 * values.max().item<double>(),
                  kInvalidArgument,
                  "a covariance has no negative eigenvalue, got ",
                  values.min().item<double>());
    values_ = values.clamp_min(0.0);
    vectors_ = vectors;
  }

 private:
  Moments moments(const View& view) const override {
    const at::Tensor total = view.signal.square() * values_ + view.noise;
    const at::Tensor off = at::matmul(view.x_t - view.signal * mean_, vectors_);
    const at::Tensor back = vectors_.transpose(0, 1);
    return {.mean = mean_ + at::matmul(view.signal * values_ / total * off, back),
            .variance = at::matmul(values_ * view.noise / total, back.square())};
  }

  at::Tensor mean_;     // [D] or [1]
  at::Tensor values_;   // [D]
  at::Tensor vectors_;  // [D, D], columns
};

}  // namespace

std::shared_ptr<GaussianDenoiser> make_gaussian_data_denoiser(const GaussianSchedule& schedule,
                                                              const GaussianData& data,
                                                              AnswerKind kind) {
  TESSERA_CHECK(data.mean.defined() && data.variance.defined() != data.covariance.defined(),
                kInvalidArgument,
                "Gaussian data need a mean, and a variance or a covariance, not both");
  if (!data.covariance.defined()) {
    TESSERA_CHECK((data.variance >= 0).all().item<bool>(),
                  kInvalidArgument,
                  "the variance of Gaussian data must not be negative");
    return std::make_shared<DiagonalData>(schedule, data, kind);
  }
  TESSERA_CHECK(data.covariance.dim() == 2 && data.covariance.size(0) == data.covariance.size(1) &&
                    (data.mean.numel() == data.covariance.size(0) || data.mean.numel() == 1),
                kShapeMismatch,
                "a covariance is [D, D] for a mean of D numbers, got ",
                data.covariance.sizes(),
                " and ",
                data.mean.sizes());
  return std::make_shared<CorrelatedData>(schedule, data, kind);
}

}  // namespace tessera::diffusion
