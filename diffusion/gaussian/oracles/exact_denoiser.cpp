#include "diffusion/gaussian/oracles/exact_denoiser.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

namespace tessera::diffusion {

ExactDenoiser::ExactDenoiser(const GaussianSchedule& schedule, AnswerKind kind)
    : process_(schedule), kind_(kind) {}

nn::Condition ExactDenoiser::null_condition(std::int64_t /*batch*/) {
  return {};
}

/// What the network's second half must be for the best variance of t -> t - 1 a number,
/// beta~ + c0^2 Var(x_0 | x_t) (Analytic-DPM, Bao et al. 2022, theorem 1).
at::Tensor ExactDenoiser::variance_answer(const at::Tensor& t, const at::Tensor& given) const {
  const GaussianStride<at::Tensor> c = process_.stride(t, t - 1);
  const at::Tensor best =
      per_row(c.posterior_variance, given) + per_row(c.x0_coefficient.square(), given) * given;
  if (kind_.variance == GaussianVariance::kDiagonal) return best.log();
  const VarianceInput point{.x_t = given, .t = t, .s = t - 1};
  const at::Tensor small = log_variance(process_, GaussianVariance::kSmall, point);
  const at::Tensor width = per_row(c.beta.log(), given) - small;
  const at::Tensor share = (best.log() - small) / width;
  return at::where(width > 0.0, share * 2.0 - 1.0, at::zeros_like(share));
}

at::Tensor ExactDenoiser::forward(const at::Tensor& x_t,
                                  const at::Tensor& t,
                                  const nn::Condition& /*condition*/) {
  const at::Tensor times = t.to(at::kCPU);
  const at::Tensor x = x_t.to(at::kCPU, at::kDouble);
  const GaussianStride<at::Tensor> c = process_.stride(times, times - 1);
  const Moments m = moments({.x_t = x.flatten(1),
                             .signal = c.signal_t.unsqueeze(1),
                             .noise = c.noise_t.square().unsqueeze(1)});
  const at::Tensor said = convert_prediction(process_,
                                             m.mean.view_as(x),
                                             GaussianPrediction::kData,
                                             kind_.prediction,
                                             {.x_t = x, .t = times});
  const at::Tensor answer =
      wants_variance() ? at::cat({said, variance_answer(times, m.variance.view_as(x))}, 1) : said;
  return answer.to(x_t.device(), x_t.scalar_type());
}

}  // namespace tessera::diffusion
