#include "diffusion/gaussian/bound.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/sampler.h"
#include "diffusion/gaussian/theory.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;
using test::number;

std::shared_ptr<GaussianDenoiser> best_for(const GaussianSchedule& schedule,
                                           const at::Tensor& variance,
                                           GaussianVariance kind) {
  return make_gaussian_data_denoiser(
      schedule, {.mean = at::zeros({}, at::kDouble), .variance = variance}, {.variance = kind});
}

/// Corners of x_0 = +-sqrt(v), noise = +-1, [4, 1, 1, 1]: every term of Gaussian data is quadratic
/// in both, so the mean over the four rows is the exact expectation.
struct Corners {
  at::Tensor x0{};
  at::Tensor noise{};
};
Corners corners(double v) {
  const double d = std::sqrt(v);
  return {.x0 = at::tensor({d, d, -d, -d}, at::kDouble).view({4, 1, 1, 1}),
          .noise = at::tensor({1.0, -1.0, 1.0, -1.0}, at::kDouble).view({4, 1, 1, 1})};
}

/// All strides at the corners.
BoundTerms exact_terms(GaussianBound& bound, double v) {
  const Corners c = corners(v);
  std::vector<at::Tensor> terms, errors;
  for (const TimeStep& time : bound.options().plan) {
    const BoundStride one = bound.stride({.x0 = c.x0}, time, c.noise);
    terms.push_back(one.term);
    errors.push_back(one.squared_error);
  }
  return {.prior = bound.prior(c.x0),
          .terms = at::stack(terms, 1),
          .squared_error = at::stack(errors, 1),
          .plan = bound.options().plan};
}

// Sums over all steps, of four data variances at once: [kinds][channel].
struct Sums {
  at::Tensor first = at::zeros({4, 4}, at::kDouble);
  at::Tensor middle = at::zeros({4, 4}, at::kDouble);
  std::map<std::int64_t, at::Tensor> terms{};          // [4, 4]
  at::Tensor errors = at::zeros({3, 4}, at::kDouble);  // of noise, x_0, velocity
};
constexpr const char* kKinds[] = {"opt", "large", "small", "beta"};
constexpr const char* kVariances[] = {"1", "0.25", "0.01", "4"};

/// The reverse steps of the four kinds at one point.
at::Tensor terms_of(const GaussianProcess& q, const BoundPoint& point, GaussianSamplerInput in) {
  std::vector<at::Tensor> rows;
  const at::Tensor best = in.estimate.variance_raw;
  for (const GaussianVariance kind : {GaussianVariance::kDiagonal,
                                      GaussianVariance::kLarge,
                                      GaussianVariance::kSmall,
                                      GaussianVariance::kRange}) {
    // The range at +1 is beta itself, at t = 1 too.
    in.estimate.variance_raw = kind == GaussianVariance::kRange ? at::ones_like(best) : best;
    const GaussianMoments reverse = reverse_moments(q, in, kind);
    rows.push_back(bound_term(q, point, reverse, "continuous").flatten(1).mean(0));
  }
  return at::stack(rows);
}

Sums sums_over(const GaussianSchedule& schedule) {
  const GaussianProcess q(schedule);
  const at::Tensor v = at::tensor({1.0, 0.25, 0.01, 4.0}, at::kDouble);
  const auto denoiser = best_for(schedule, v, GaussianVariance::kDiagonal);
  const at::Tensor x0 = (corners(1.0).x0 * v.sqrt().view({1, 4, 1, 1}));
  const at::Tensor noise = corners(1.0).noise.expand({4, 4, 1, 1});
  Sums sums;
  for (std::int64_t time = schedule.steps(); time >= 1; --time) {
    const at::Tensor t = at::full({4}, time, at::kLong);
    const at::Tensor x_t = q.q_sample(x0, t, noise);
    const GaussianEstimate estimate = make_estimate(q,
                                                    denoiser->forward(x_t, t, {}),
                                                    {.variance = GaussianVariance::kDiagonal},
                                                    {.x_t = x_t, .t = t},
                                                    {.threshold = "none"});
    const at::Tensor terms =
        terms_of(q,
                 {.x0 = x0, .x_t = x_t, .t = t, .s = t - 1},
                 {.estimate = estimate, .x_t = x_t, .time = {.from = time, .to = time - 1}});
    (time == 1 ? sums.first : sums.middle) += terms;
    sums.terms[time] = terms;
    const GaussianPrediction kinds[] = {
        GaussianPrediction::kNoise, GaussianPrediction::kData, GaussianPrediction::kVelocity};
    for (std::int64_t k = 0; k < 3; ++k) {
      const at::Tensor said = convert_prediction(
          q, estimate.noise, GaussianPrediction::kNoise, kinds[k], {.x_t = x_t, .t = t});
      const at::Tensor off = said - prediction_target(q, kinds[k], x0, noise, t);
      sums.errors[k] += off.square().flatten(1).mean(0) / static_cast<double>(schedule.steps());
    }
  }
  return sums;
}

class ExactData : public ::testing::TestWithParam<const char*> {};

TEST_P(ExactData, TheBoundOfGaussianData) {
  const std::string name = GetParam();
  const GaussianSchedule schedule = named_schedule(name);
  const Sums sums = sums_over(schedule);
  for (std::int64_t i = 0; i < 4; ++i) {
    const std::string v = kVariances[i];
    for (std::int64_t k = 0; k < 4; ++k) {
      const std::string what = "gauss_elbo_nats/" + name + "/v" + v + "/" + kKinds[k];
      const io::Json& want = group(what);
      const auto at_kind = [&](const at::Tensor& x) { return x[k][i].item<double>(); };
      const double prior = prior_divergence(schedule, schedule.steps(), std::stod(v));
      expect_close(at_kind(sums.first), number(want, "L0"), 1e-9, what);
      expect_close(at_kind(sums.middle), number(want, "sumL"), 1e-9, what);
      expect_close(prior, number(want, "LT"), 1e-9, what);
      expect_close(
          at_kind(sums.first) + at_kind(sums.middle) + prior, number(want, "total"), 1e-9, what);
      for (const auto& item : want.at("per_t").items()) {
        // Terms below 1e-7 nats are differences of nearly equal numbers.
        expect_close(at_kind(sums.terms.at(std::stoll(item.key()))),
                     item.value().get<double>(),
                     1e-9,
                     what + " t = " + item.key(),
                     1e-14);
      }
    }
    const std::string what = "gauss_minimum_mse/" + name + "/v" + v;
    expect_close(sums.errors[0][i].item<double>(), number(group(what), "eps"), 1e-9, what);
    expect_close(sums.errors[1][i].item<double>(), number(group(what), "x0"), 1e-9, what);
    expect_close(sums.errors[2][i].item<double>(), number(group(what), "v"), 1e-9, what);
  }
}
INSTANTIATE_TEST_SUITE_P(Schedules, ExactData, ::testing::Values("linear1000", "cosine1000"));

TEST(GaussianBound, IsTheEntropyForAnySchedule) {
  // With the best variances: entropy of the data plus KL of q(x_T) to the prior.
  for (const char* name : {"toy5", "linear1000"}) {
    const GaussianSchedule schedule = named_schedule(name);
    const GaussianProcess q(schedule);
    for (const double v : {0.25, 4.0}) {
      const auto denoiser =
          best_for(schedule, at::full({}, v, at::kDouble), GaussianVariance::kDiagonal);
      GaussianBound bound(q, *denoiser, {.decoder = "continuous"});
      const double want =
          normal_entropy(v) +
          normal_divergence({0.0, noised_variance(schedule, schedule.steps(), v)}, {0.0, 1.0});
      expect_close(exact_terms(bound, v).total().mean().item<double>(), want, 1e-11, name);
    }
  }
  // Unit variance and sigma^2 = beta throughout, whatever the betas: ln(2 pi e) / 2.
  const GaussianSchedule odd = schedule_of_betas({0.1, 0.3, 0.5, 0.9});
  const ExactBound exact = exact_bound(odd, {}, reverse_variances(odd, "beta", 1.0));
  expect_close(exact.total(), 1.4189385332046727, 1e-13, "any betas");
}

TEST(GaussianBound, AStridedChainHasABoundOfItsOwn) {
  // Four strides of 1000 steps are a chain of four steps with those alpha_bar.
  const GaussianSchedule schedule = named_schedule("linear1000");
  const GaussianProcess q(schedule);
  const std::vector<TimeStep> plan = even_plan({.trained = 1000, .wanted = 4});
  std::vector<double> betas;
  for (auto time = plan.rbegin(); time != plan.rend(); ++time) {
    betas.push_back(q.stride(time->from, time->to).beta);
  }
  const GaussianSchedule short_one = schedule_of_betas(betas);
  for (const char* kind : {"large", "small"}) {
    const auto denoiser =
        best_for(schedule, at::full({}, 0.25, at::kDouble), parse_gaussian_variance(kind));
    GaussianBound bound(q, *denoiser, {.decoder = "continuous", .plan = plan});
    const ExactBound exact =
        exact_bound(short_one, {0.0, 0.25}, reverse_variances(short_one, kind, 0.25));
    expect_close(
        exact_terms(bound, 0.25).total().mean().item<double>(), exact.total(), 1e-11, kind);
  }
}

TEST(GaussianBound, TheProgressiveCodeFollowsShannon) {
  const GaussianSchedule schedule = named_schedule("linear1000");
  const GaussianProcess q(schedule);
  const io::Json& want = group("rate_distortion/linear1000/v0.25");
  for (const auto& [key, kind] : {std::pair{"opt", GaussianVariance::kDiagonal},
                                  {"large", GaussianVariance::kLarge},
                                  {"small", GaussianVariance::kSmall}}) {
    const auto denoiser = best_for(schedule, at::full({}, 0.25, at::kDouble), kind);
    GaussianBound bound(q, *denoiser, {.decoder = "continuous"});
    const std::vector<RatePoint> points = rate_distortion(exact_terms(bound, 0.25));
    ASSERT_EQ(points.size(), 1000u);
    for (const RatePoint& point : points) {
      const double error = data_variance_given(schedule, point.t, 0.25);
      expect_close(point.distortion, 127.5 * std::sqrt(error), 1e-9, "distortion");
      if (!want.contains(std::to_string(point.t))) continue;
      const io::Json& row = want.at(std::to_string(point.t));
      const std::string what = std::string(key) + " t = " + std::to_string(point.t);
      expect_close(error, number(row, "D"), 1e-11, what);
      expect_close(point.distortion, number(row, "rmse255"), 1e-9, what);
      expect_close(point.rate, number(row, key), 1e-9, what);
      if (std::string(key) == "opt") {
        // Shannon's rate, plus the KL of q(x_T) to the prior.
        expect_close(point.rate, number(row, "shannon_bits") + 3.3045438e-10, 1e-9, what);
      }
    }
  }
}

TEST(GaussianBound, OfPixelsWithTheExactNetwork) {
  // Two values, by quadrature over the noise.
  constexpr std::int64_t kNodes = 401;
  const at::Tensor z = at::linspace(-9.5, 9.5, kNodes, at::kDouble);
  const at::Tensor weight = (-0.5 * z.square()).exp();
  const at::Tensor share = at::cat({weight, weight}) / (2.0 * weight.sum());
  const at::Tensor x0 =
      at::cat({at::full({kNodes}, -1.0, at::kDouble), at::ones({kNodes}, at::kDouble)});
  const at::Tensor noise = at::cat({z, z}).view({-1, 1, 1, 1});
  const at::Tensor values = at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1});
  for (const char* name : {"linear50", "cosine50", "cosine100"}) {
    const GaussianProcess q(named_schedule(name));
    const io::Json& want = group(std::string("finite_bits/binary_pm1/") + name);
    for (const char* kind : {"large", "small"}) {
      const auto denoiser = make_finite_data_denoiser(
          q.schedule(), values, {}, {.variance = parse_gaussian_variance(kind)});
      GaussianBound bound(q, *denoiser, {});
      double middle = 0, first = 0;
      for (const TimeStep& time : bound.options().plan) {
        const BoundStride one = bound.stride({.x0 = x0.view({-1, 1, 1, 1})}, time, noise);
        (time.to == 0 ? first : middle) += (one.term * share).sum().item<double>() / std::log(2.0);
      }
      const std::string what = std::string(name) + " " + kind;
      expect_close(first, number(want.at(kind), "L0"), 1e-8, what);
      expect_close(middle, number(want.at(kind), "sumL"), 1e-8, what);
      expect_close(bound.prior(values).mean().item<double>() / std::log(2.0),
                   number(want.at(kind), "LT"),
                   1e-8,
                   what);
    }
  }
}

TEST(GaussianBound, DrawsItsNoiseAPictureAtATime) {
  const GaussianProcess q(named_schedule("toy5"));
  const auto denoiser = best_for(q.schedule(), at::full({}, 0.25), GaussianVariance::kLarge);
  GaussianBound bound(q, *denoiser, {});
  const at::Tensor x0 = nn::Rng::of_run(1, 0, 5).normal(Purpose::kInit, 0, {1, 4, 4}).clamp(-1, 1);
  const BoundTerms all = bound.evaluate({.x0 = x0}, nn::Rng::of_run(9, 0, 5));
  EXPECT_EQ(all.terms.sizes(), (std::vector<std::int64_t>{5, 5}));
  const BoundTerms tail = bound.evaluate({.x0 = x0.narrow(0, 3, 2)}, nn::Rng::of_run(9, 3, 2));
  EXPECT_TRUE(at::equal(all.total().narrow(0, 3, 2), tail.total()));
  EXPECT_TRUE(at::allclose(all.bits() * std::log(2.0), all.total()));
  EXPECT_FALSE(
      at::equal(all.total(), bound.evaluate({.x0 = x0}, nn::Rng::of_run(8, 0, 5)).total()));
}

TEST(GaussianBound, OnePathIsEnoughForUnitGaussianData) {
  // With sigma^2 = beta the trajectory ratio does not depend on the path (quasi-static limit).
  const GaussianSchedule schedule = schedule_of_betas({0.1, 0.3, 0.5, 0.9});
  const GaussianProcess q(schedule);
  const auto denoiser = best_for(schedule, at::ones({}, at::kDouble), GaussianVariance::kDiagonal);
  GaussianBound bound(q, *denoiser, {.decoder = "continuous"});
  const at::Tensor x0 = at::tensor({-1.7, 0.2, 2.4}, at::kDouble).view({3, 1, 1, 1});
  const at::Tensor got = bound.path_likelihood({.x0 = x0}, {nn::Rng::of_run(3, 0, 3)});
  const at::Tensor want = 0.5 * (std::log(2.0 * M_PI) + x0.flatten().square());
  EXPECT_TRUE(at::allclose(got, want, 1e-10, 1e-10));
}

TEST(GaussianBound, MorePathsComeFromTheBoundDownToTheLikelihood) {
  // toy5, v = 0.25, sigma^2 large: bound 0.793772087149, the model's own likelihood
  // 0.734219894299 (its variance 0.302133911762), both averaged over the data.
  const GaussianSchedule schedule = named_schedule("toy5");
  const GaussianProcess q(schedule);
  const std::vector<double> variances = reverse_variances(schedule, "large", 0.25);
  expect_close(
      exact_bound(schedule, {0.0, 0.25}, variances).total(), 0.793772087149, 1e-11, "bound");
  const NormalLaw model = sampler_law(schedule, {0.0, 0.25}, variances, LastNoise::kKept);
  expect_close(model.variance, 0.302133911762, 1e-11, "model");
  const auto denoiser =
      best_for(schedule, at::full({}, 0.25, at::kDouble), GaussianVariance::kLarge);
  GaussianBound bound(q, *denoiser, {.decoder = "continuous"});
  const at::Tensor x0 = at::full({4000, 1, 1, 1}, 0.5, at::kDouble);
  std::vector<nn::Rng> paths;
  for (std::uint64_t seed = 0; seed < 64; ++seed) paths.push_back(nn::Rng::of_run(seed, 0, 4000));
  const double exact = 0.5 * (std::log(2.0 * M_PI * model.variance) + 0.25 / model.variance);
  const auto mean_of = [&](std::size_t count) {
    const std::vector<nn::Rng> some(paths.begin(), paths.begin() + static_cast<long>(count));
    return bound.path_likelihood({.x0 = x0}, some).mean().item<double>();
  };
  const double one = mean_of(1);
  const double eight = mean_of(8);
  const double many = mean_of(64);
  EXPECT_GT(one, exact + 0.03);
  EXPECT_LT(eight, one);
  EXPECT_LT(many, eight);
  EXPECT_NEAR(many, exact, 2e-3);
}

TEST(GaussianBound, RefusesAPlanWithGaps) {
  const GaussianProcess q(named_schedule("toy5"));
  const auto denoiser = best_for(q.schedule(), at::ones({}), GaussianVariance::kLarge);
  const auto refused = [&](std::vector<TimeStep> plan) {
    expect_error(ErrorCode::kInvalidArgument, "falls without gaps from 5 to 0", [&] {
      GaussianBound(q, *denoiser, {.plan = std::move(plan)});
    });
  };
  refused({{.from = 4, .to = 0}});
  refused({{.from = 5, .to = 1}});
  refused({{.from = 5, .to = 3}, {.from = 2, .to = 0}});
  refused({{.from = 5, .to = 5}, {.from = 5, .to = 0}});
  GaussianBound bound(q, *denoiser, {});
  expect_error(ErrorCode::kInvalidArgument, "at least one path", [&] {
    bound.path_likelihood({.x0 = at::zeros({1, 1, 1, 1})}, {});
  });
}

}  // namespace
}  // namespace tessera::diffusion
