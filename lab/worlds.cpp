#include "lab/worlds.h"

#include <cmath>

#include <ATen/ATen.h>

#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"

namespace tessera::lab {

World normal_world(const diffusion::GaussianSchedule& schedule,
                   double mean,
                   double variance,
                   diffusion::AnswerKind kind) {
  return {.process = diffusion::GaussianProcess(schedule),
          .denoiser = diffusion::make_gaussian_data_denoiser(
              schedule,
              {.mean = at::scalar_tensor(mean, at::kDouble),
               .variance = at::scalar_tensor(variance, at::kDouble)},
              kind)};
}

World picture_world(const diffusion::GaussianSchedule& schedule, const at::Tensor& pictures) {
  return {.process = diffusion::GaussianProcess(schedule),
          .denoiser = diffusion::make_finite_data_denoiser(schedule, pictures, {}, {})};
}

diffusion::GaussianSchedule strided_schedule(const diffusion::GaussianSchedule& schedule,
                                             const std::vector<std::int64_t>& times) {
  std::vector<double> betas;
  double before = 0;  // ln alpha_bar
  for (const std::int64_t t : times) {
    const double here = schedule.log_alpha_bar.at(static_cast<std::size_t>(t));
    betas.push_back(-std::expm1(here - before));
    before = here;
  }
  return diffusion::schedule_of_betas(betas);
}

PairDesign pair_design(double variance) {
  const double root = std::sqrt(2.0);
  return {.x0 = at::tensor({root * std::sqrt(variance), 0.0}, at::kDouble).view({2, 1, 1, 1}),
          .noise = at::tensor({0.0, root}, at::kDouble).view({2, 1, 1, 1})};
}

double normal_bound(const World& world, double variance) {
  const PairDesign pair = pair_design(variance);
  diffusion::GaussianBound bound(
      world.process, *world.denoiser, {.decoder = "continuous", .threshold = unlimited()});
  double nats = bound.prior(pair.x0).mean().item<double>();
  for (std::int64_t t = 1; t <= world.process.steps(); ++t) {
    nats += bound.stride({.x0 = pair.x0}, {.from = t, .to = t - 1}, pair.noise)
                .term.mean()
                .item<double>();
  }
  return nats;
}

diffusion::ThresholdOptions unlimited() {
  return {.threshold = "none"};
}

}  // namespace tessera::lab
