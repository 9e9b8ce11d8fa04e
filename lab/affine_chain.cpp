#include "lab/affine_chain.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "diffusion/gaussian/denoiser.h"
#include "diffusion/gaussian/sampler.h"

namespace tessera::lab {

Moments AffineStep::carry(const Moments& x) const {
  return {.mean = slope * x.mean + offset, .variance = slope * slope * x.variance + noise * noise};
}

AffineStep measure_step(const ChainParts& parts, const diffusion::TimeStep& time) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::tensor({0.0, 1.0, 0.0}, at::kDouble).view({3, 1, 1, 1});
  const at::Tensor normals = at::tensor({0.0, 0.0, 1.0}, at::kDouble).view({3, 1, 1, 1});
  const at::Tensor t = at::full({3}, time.from, at::kLong);
  const diffusion::AnswerKind kind{.prediction = parts.denoiser.prediction(),
                                   .variance = parts.denoiser.variance()};
  const diffusion::GaussianSamplerInput input{
      .estimate = diffusion::make_estimate(parts.process,
                                           parts.denoiser.forward(x, t, {}),
                                           kind,
                                           {.x_t = x, .t = t},
                                           {.threshold = "none"}),
      .x_t = x,
      .time = time,
      .normals = normals};
  diffusion::GaussianSamplerState state;
  const at::Tensor out = parts.sampler.step(parts.process, input, state, {}).view({3}).contiguous();
  const double* y = out.const_data_ptr<double>();
  return {.slope = y[1] - y[0], .offset = y[0], .noise = y[2] - y[0]};
}

Moments measure_law(const ChainParts& parts,
                    const std::vector<diffusion::TimeStep>& plan,
                    const Moments& start) {
  Moments law = start;
  for (const diffusion::TimeStep& time : plan) law = measure_step(parts, time).carry(law);
  return law;
}

double frechet(const Moments& a, const Moments& b) {
  const double mean = a.mean - b.mean;
  const double deviation = std::sqrt(a.variance) - std::sqrt(b.variance);
  return mean * mean + deviation * deviation;
}

}  // namespace tessera::lab
