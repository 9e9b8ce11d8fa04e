#include "diffusion/gaussian/product.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;
using test::number;

/// r_t(x_t) = E r(x_0) given x_t, for unit Gaussian data: N(1; sqrt(alpha_bar) x_t, 1 - alpha_bar +
/// tau^2), as a factor of x_t.
GaussianFactor noised_factor(const GaussianSchedule& schedule, std::int64_t t, double tau2) {
  const double kept = schedule.alpha_bar[static_cast<std::size_t>(t)];
  return {.centre = at::full({1}, 1.0 / std::sqrt(kept), at::kDouble),
          .variance = (1.0 - kept + tau2) / kept};
}

/// One reverse step p(x_{t-1} | x_t) of unit Gaussian data (variance beta, t = 1 too), multiplied.
GaussianMoments multiplied(const GaussianProcess& q,
                           const GaussianMoments& p,
                           const TimeStep& time,
                           const std::string& rule,
                           double tau2) {
  const GaussianFactor r{.centre = at::ones({1}, at::kDouble), .variance = tau2};
  if (rule == "product") return multiply_exact(p, r, 1.0);
  if (rule == "meanshift") return multiply_shift(p, log_gradient(r, p.mean));
  if (rule == "ramp") {
    const auto steps = static_cast<double>(q.steps());
    return multiply_exact(p, r, (steps - static_cast<double>(time.from) + 1.0) / steps);
  }
  return multiply_exact(p, noised_factor(q.schedule(), time.to, tau2), 1.0);  // htransform
}

/// Mean and variance by the recursion of x' = A x + B + sigma z; A and B from the rows x = 0 and 1.
struct Law {
  double mean = 0.0;
  double variance = 1.0;

  void move(const GaussianMoments& p) {
    const double offset = p.mean.flatten()[0].item<double>();
    const double slope = p.mean.flatten()[1].item<double>() - offset;
    mean = slope * mean + offset;
    variance = slope * slope * variance + p.log_variance.exp().flatten()[0].item<double>();
  }
};

constexpr const char* kTau2[] = {"1", "0.25", "4"};
constexpr const char* kRules[] = {"product", "meanshift", "ramp", "guidance", "htransform"};

/// One step of every rule and every factor, from the one reverse step of unit Gaussian data.
void move_all(const GaussianProcess& q,
              GaussianDenoiser& denoiser,
              std::int64_t t,
              Law laws[3][5]) {
  const at::Tensor x = at::tensor({0.0, 1.0}, at::kDouble).view({2, 1, 1, 1});
  const PredictionPoint point{.x_t = x, .t = at::full({2}, t, at::kLong)};
  GaussianSamplerInput in{.estimate = make_estimate(q,
                                                    denoiser.forward(x, point.t, {}),
                                                    {.variance = GaussianVariance::kRange},
                                                    point,
                                                    {.threshold = "none"}),
                          .x_t = x,
                          .time = {.from = t, .to = t - 1}};
  in.estimate.variance_raw = at::ones_like(x);  // beta, at t = 1 too
  const GaussianMoments plain = reverse_moments(q, in, GaussianVariance::kRange);
  for (std::size_t i = 0; i < 3; ++i) {
    const double tau2 = std::stod(kTau2[i]);
    for (std::size_t k = 0; k < 5; ++k) {
      if (std::string(kRules[k]) != "guidance") {
        laws[i][k].move(multiplied(q, plain, in.time, kRules[k], tau2));
        continue;
      }
      in.gradient = log_gradient(noised_factor(q.schedule(), t, tau2), x);
      laws[i][k].move(reverse_moments(q, in, GaussianVariance::kRange));
    }
  }
}

class MultiplyR : public ::testing::TestWithParam<const char*> {};

TEST_P(MultiplyR, GivesWhatEachRuleGives) {
  const std::string schedule = GetParam();
  const GaussianProcess q(named_schedule(schedule));
  const auto denoiser = make_gaussian_data_denoiser(
      q.schedule(),
      {.mean = at::zeros({}, at::kDouble), .variance = at::ones({}, at::kDouble)},
      {.variance = GaussianVariance::kRange});
  Law laws[3][5];
  for (std::int64_t t = q.steps(); t >= 1; --t) move_all(q, *denoiser, t, laws);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t k = 0; k < 5; ++k) {
      const std::string name = "multiply_r/" + schedule + "/tau2_" + kTau2[i] + "/" + kRules[k];
      expect_close(laws[i][k].mean, number(group(name), "mean"), 1e-9, name);
      expect_close(laws[i][k].variance, number(group(name), "var"), 1e-9, name);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Schedules, MultiplyR, ::testing::Values("linear1000", "cosine1000"));

TEST(Product, OfTwoGaussians) {
  const GaussianMoments p{.mean = at::full({1}, 1.0, at::kDouble),
                          .log_variance = at::full({1}, std::log(2.0), at::kDouble)};
  const GaussianFactor r{.centre = at::full({1}, 4.0, at::kDouble), .variance = 2.0};
  const GaussianMoments both = multiply_exact(p, r, 1.0);
  expect_close(both.mean.item<double>(), 2.5, 1e-14, "half way");
  expect_close(both.log_variance.exp().item<double>(), 1.0, 1e-14, "half the variance");
  const GaussianMoments same = multiply_exact(p, r, 0.0);
  EXPECT_EQ(same.mean.item<double>(), 1.0);
  expect_error(ErrorCode::kInvalidArgument, "must be above 0, got 0", [&] {
    multiply_exact(p, {.centre = r.centre, .variance = 0.0}, 1.0);
  });
  expect_error(ErrorCode::kInvalidArgument, "in [0, 1], got 2", [&] { multiply_exact(p, r, 2.0); });
}

TEST(Product, AClassifiersGradientMovesTheSamplers) {
  // DDIM: eps - sqrt(1 - alpha_bar) g, so x_0's estimate moves by (1 - alpha_bar) / sqrt(alpha_bar)
  // g.
  const GaussianProcess q(named_schedule("linear1000"));
  const at::Tensor x = at::full({1, 1}, 0.4, at::kDouble);
  const at::Tensor g = at::full({1, 1}, 0.3, at::kDouble);
  const PredictionPoint point{.x_t = x, .t = at::full({1}, 500, at::kLong)};
  const GaussianEstimate estimate = make_estimate(q, x * 0.9, {}, point, {.threshold = "none"});
  for (const char* name : {"ddim", "dpm-solver++"}) {
    const auto sampler = make_gaussian_sampler(name);
    const auto last = [&](const at::Tensor& gradient) {
      GaussianSamplerState state;
      return sampler
          ->step(q,
                 {.estimate = estimate,
                  .x_t = x,
                  .time = {.from = 500, .to = 0},
                  .gradient = gradient},
                 state,
                 {})
          .item<double>();
    };
    const double moved = q.schedule().noise_variance(500) / q.schedule().signal(500) * 0.3;
    expect_close(last(g) - last({}), moved, 1e-11, name);
  }
}

}  // namespace
}  // namespace tessera::diffusion
