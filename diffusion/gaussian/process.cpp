#include "diffusion/gaussian/process.h"

#include <cmath>

#include <ATen/ops/abs.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/expm1.h>
#include <ATen/ops/log.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tensor.h>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

using at::abs;
using at::exp;
using at::expm1;
using at::sqrt;
using std::abs;
using std::exp;
using std::expm1;
using std::sqrt;

/// From log alpha_bar at both ends; Value is double or a tensor.
template <typename Value>
GaussianStride<Value> stride_of(const Value& log_t, const Value& log_s) {
  const Value noise_t = abs(expm1(log_t));
  const Value noise_s = abs(expm1(log_s));
  const Value log_kept = log_t - log_s;
  const Value beta = abs(expm1(log_kept));
  const Value signal_s = exp(log_s / 2.0);
  return {.signal_t = exp(log_t / 2.0),
          .noise_t = sqrt(noise_t),
          .signal_s = signal_s,
          .noise_s = sqrt(noise_s),
          .beta = beta,
          .posterior_variance = beta * noise_s / noise_t,
          .x0_coefficient = beta * signal_s / noise_t,
          .xt_coefficient = exp(log_kept / 2.0) * noise_s / noise_t};
}

void check_rows(const at::Tensor& times, const at::Tensor& x, const char* what) {
  TESSERA_CHECK(times.dim() == 1 && x.dim() >= 1 && times.size(0) == x.size(0),
                kShapeMismatch,
                what,
                " must be one time a row of the pictures, [",
                x.dim() >= 1 ? x.size(0) : 0,
                "], got ",
                times.sizes());
}

void check_same(const at::Tensor& a, const at::Tensor& b, const char* what) {
  TESSERA_CHECK(
      a.sizes() == b.sizes(), kShapeMismatch, what, ": got ", a.sizes(), " and ", b.sizes());
}

}  // namespace

GaussianProcess::GaussianProcess(GaussianSchedule schedule, at::Device device)
    : schedule_(std::move(schedule)) {
  TESSERA_CHECK(schedule_.steps() >= 1,
                kInvalidArgument,
                "a Gaussian process needs a schedule of at least one step");
  log_alpha_bar_ =
      at::tensor(schedule_.log_alpha_bar, at::TensorOptions().dtype(at::kDouble)).to(device);
}

at::Tensor per_row(const at::Tensor& values, const at::Tensor& x) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  if (!shape.empty()) shape[0] = values.size(0);
  return values.view(shape).to(x.device(), x.scalar_type());
}

GaussianStride<double> GaussianProcess::stride(std::int64_t t, std::int64_t s) const {
  TESSERA_CHECK(0 <= s && s < t && t <= steps(),
                kInvalidArgument,
                "a stride goes from a time in 1..",
                steps(),
                " to a smaller one, got ",
                t,
                " to ",
                s);
  return stride_of(schedule_.log_alpha_bar[static_cast<std::size_t>(t)],
                   schedule_.log_alpha_bar[static_cast<std::size_t>(s)]);
}

GaussianStride<at::Tensor> GaussianProcess::stride(const at::Tensor& t, const at::Tensor& s) const {
  return stride_of<at::Tensor>(log_alpha_bar_.index_select(0, t),
                               log_alpha_bar_.index_select(0, s));
}

at::Tensor GaussianProcess::log_snr(const at::Tensor& t) const {
  const at::Tensor log_kept = log_alpha_bar_.index_select(0, t);
  return log_kept - log_kept.expm1().abs().log();
}

at::Tensor GaussianProcess::q_sample(const at::Tensor& x0,
                                     const at::Tensor& t,
                                     const at::Tensor& noise) const {
  check_rows(t, x0, "t");
  check_same(x0, noise, "noise must have the shape of the pictures");
  const at::Tensor log_kept = log_alpha_bar_.index_select(0, t);
  return per_row((log_kept / 2.0).exp(), x0) * x0 +
         per_row(log_kept.expm1().abs().sqrt(), x0) * noise;
}

at::Tensor GaussianProcess::q_continue(const at::Tensor& x_s,
                                       const at::Tensor& s,
                                       const at::Tensor& t,
                                       const at::Tensor& noise) const {
  check_rows(t, x_s, "t");
  check_rows(s, x_s, "s");
  check_same(x_s, noise, "noise must have the shape of the pictures");
  const at::Tensor log_kept = log_alpha_bar_.index_select(0, t) - log_alpha_bar_.index_select(0, s);
  return per_row((log_kept / 2.0).exp(), x_s) * x_s +
         per_row(log_kept.expm1().abs().sqrt(), x_s) * noise;
}

GaussianMoments GaussianProcess::posterior(const at::Tensor& x0,
                                           const at::Tensor& x_t,
                                           const at::Tensor& t,
                                           const at::Tensor& s) const {
  check_rows(t, x_t, "t");
  check_rows(s, x_t, "s");
  check_same(x0, x_t, "x_0 and x_t must have one shape");
  const GaussianStride<at::Tensor> c = stride(t, s);
  return {.mean = per_row(c.x0_coefficient, x_t) * x0 + per_row(c.xt_coefficient, x_t) * x_t,
          .log_variance = per_row(c.posterior_variance.log(), x_t)};
}

}  // namespace tessera::diffusion
