#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "diffusion/gaussian/schedule.h"

namespace tessera::diffusion {

/// Everything a stride t -> s (0 <= s < t <= T) needs; Value is double, or a float64 tensor [B].
/// q(x_s | x_t, x_0) = N(x0_coefficient x_0 + xt_coefficient x_t, posterior_variance).
template <typename Value>
struct GaussianStride {
  Value signal_t{};            // sqrt(alpha_bar_t)
  Value noise_t{};             // sqrt(1 - alpha_bar_t)
  Value signal_s{};            // sqrt(alpha_bar_s)
  Value noise_s{};             // sqrt(1 - alpha_bar_s)
  Value beta{};                // 1 - alpha_bar_t / alpha_bar_s, the variance of the stride
  Value posterior_variance{};  // beta (1 - alpha_bar_s) / (1 - alpha_bar_t); 0 where s = 0
  Value x0_coefficient{};
  Value xt_coefficient{};
};

/// A Gaussian a coordinate: of x's shape, or broadcastable to it.
struct GaussianMoments {
  at::Tensor mean{};
  at::Tensor log_variance{};  // -inf where the variance is 0, as of the posterior at s = 0
};

/// The forward chain q and its posterior (DDPM eq. 4, 6, 7) for any stride. Pictures are
/// [B, ...] floating point, times [B] int64 in 0..T on the process's device. Coefficients are
/// computed in float64 and cast to the pictures' type at use; float64 in, float64 out. No host
/// synchronisation. Throws kShapeMismatch where tensors do not fit.
class GaussianProcess {
 public:
  explicit GaussianProcess(GaussianSchedule schedule, at::Device device = at::kCPU);

  const GaussianSchedule& schedule() const { return schedule_; }
  std::int64_t steps() const { return schedule_.steps(); }
  at::Device device() const { return log_alpha_bar_.device(); }

  /// x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise.
  at::Tensor q_sample(const at::Tensor& x0, const at::Tensor& t, const at::Tensor& noise) const;
  /// x_t from x_s, 0 <= s <= t: the chain run on from where it is.
  at::Tensor q_continue(const at::Tensor& x_s,
                        const at::Tensor& s,
                        const at::Tensor& t,
                        const at::Tensor& noise) const;
  /// q(x_s | x_t, x_0), 0 <= s < t; s need not be t - 1.
  GaussianMoments posterior(const at::Tensor& x0,
                            const at::Tensor& x_t,
                            const at::Tensor& t,
                            const at::Tensor& s) const;

  GaussianStride<double> stride(std::int64_t t, std::int64_t s) const;
  GaussianStride<at::Tensor> stride(const at::Tensor& t, const at::Tensor& s) const;
  at::Tensor log_snr(const at::Tensor& t) const;  // [B] float64, inf at t = 0

 private:
  GaussianSchedule schedule_;
  at::Tensor log_alpha_bar_;  // [T + 1] float64
};

/// [B] float64 -> [B, 1, 1, ...] of x's type and rank, on x's device: how a row's number multiplies
/// a picture.
at::Tensor per_row(const at::Tensor& values, const at::Tensor& x);

}  // namespace tessera::diffusion
