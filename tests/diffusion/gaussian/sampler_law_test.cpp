#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/sampler.h"
#include "diffusion/gaussian/theory.h"
#include "tests/diffusion/gaussian/affine.h"
#include "tests/diffusion/gaussian/values.h"

// What the real samplers give with the best network of Gaussian data, to the last digit.
namespace tessera::diffusion {
namespace {

using test::AffineLaw;
using test::expect_close;
using test::group;
using test::named_schedule;
using test::number;
using test::separate_law;
using test::SeparateLaw;

struct Data {
  const char* name;
  double mean;
  double variance;
};
constexpr Data kData[] = {
    {"m0_v1", 0.0, 1.0}, {"m0.5_v0.25", 0.5, 0.25}, {"m0_v0.01", 0.0, 0.01}, {"m1_v4", 1.0, 4.0}};

std::shared_ptr<GaussianDenoiser> best_for_all(const GaussianSchedule& schedule,
                                               GaussianVariance kind) {
  return make_gaussian_data_denoiser(schedule,
                                     {.mean = at::tensor({0.0, 0.5, 0.0, 1.0}, at::kDouble),
                                      .variance = at::tensor({1.0, 0.25, 0.01, 4.0}, at::kDouble)},
                                     {.variance = kind});
}

std::shared_ptr<GaussianDenoiser> best_for_one(const GaussianSchedule& schedule) {
  return make_gaussian_data_denoiser(
      schedule,
      {.mean = at::full({}, 0.5, at::kDouble), .variance = at::full({}, 0.25, at::kDouble)},
      {});
}

SeparateLaw law_of(const GaussianProcess& q,
                   GaussianDenoiser& denoiser,
                   const GaussianSampler& sampler,
                   std::int64_t numbers,
                   std::int64_t steps = 0) {
  return separate_law({.process = q, .denoiser = denoiser, .sampler = sampler},
                      {numbers, 1, 1},
                      {.threshold = {.threshold = "none"}, .steps = steps});
}

void expect_law(const NormalLaw& law, const NormalLaw& data, const std::string& name) {
  const io::Json& want = group(name);
  expect_close(law.mean, number(want, "mean"), 1e-9, name, 1e-14);
  expect_close(law.variance, number(want, "var"), 1e-9, name);
  expect_close(frechet_distance(law, data), number(want, "frechet"), 1e-6, name, 1e-14);
}

class AncestralLaw : public ::testing::TestWithParam<const char*> {};

TEST_P(AncestralLaw, OfFourVariances) {
  const std::string schedule = GetParam();
  const GaussianProcess q(named_schedule(schedule));
  struct Case {
    const char* name;
    GaussianVariance variance;
    double noise;
  };
  constexpr Case kCases[] = {{"small", GaussianVariance::kSmall, 1.0},
                             {"large", GaussianVariance::kLarge, 1.0},
                             {"opt", GaussianVariance::kDiagonal, 1.0},
                             {"znone", GaussianVariance::kSmall, 0.0}};
  for (const Case& c : kCases) {
    const auto denoiser = best_for_all(q.schedule(), c.variance);
    const auto sampler = make_gaussian_sampler("ancestral", {.noise_scale = c.noise}, c.variance);
    const SeparateLaw law = law_of(q, *denoiser, *sampler, 4);
    for (std::int64_t i = 0; i < 4; ++i) {
      const Data& data = kData[i];
      const double mean = law.mean[i].item<double>();
      const double variance = law.variance[i].item<double>();
      expect_law({mean, variance},
                 {data.mean, data.variance},
                 "ancestral/" + schedule + "/" + data.name + "/" + c.name);
      // Without noise: sqrt(alpha_bar_T) v / V_T from x_T to x_0.
      const double kept = q.schedule().signal(q.steps()) * data.variance /
                          noised_variance(q.schedule(), q.steps(), data.variance);
      expect_close(law.slope[i].item<double>(), kept, 1e-9, "slope");
      if (c.noise == 0.0) expect_close(variance, kept * kept, 1e-9, "variance without noise");
    }
  }
}

TEST_P(AncestralLaw, OfCorrelatedData) {
  const std::string schedule = GetParam();
  const GaussianProcess q(named_schedule(schedule));
  for (const char* kind : {"small", "large"}) {
    const GaussianVariance variance = parse_gaussian_variance(kind);
    const auto denoiser = make_gaussian_data_denoiser(
        q.schedule(),
        {.mean = at::tensor({0.3, -0.2}, at::kDouble),
         .covariance = at::tensor({1.0, 0.6, 0.6, 0.5}, at::kDouble).view({2, 2})},
        {.variance = variance});
    const auto sampler = make_gaussian_sampler("ancestral", {}, variance);
    const AffineLaw law =
        test::affine_law({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                         {1, 1, 2},
                         {.threshold = {.threshold = "none"}});
    const std::string name = "ancestral2d/" + schedule + "/" + kind;
    const io::Json& want = group(name);
    for (std::int64_t i = 0; i < 2; ++i) {
      expect_close(law.mean[i].item<double>(),
                   want.at("mean").at(static_cast<std::size_t>(i)).get<double>(),
                   1e-9,
                   name);
    }
    const double got[] = {law.covariance[0][0].item<double>(),
                          law.covariance[0][1].item<double>(),
                          law.covariance[1][1].item<double>()};
    for (std::size_t i = 0; i < 3; ++i) {
      expect_close(got[i], want.at("cov").at(i).get<double>(), 1e-9, name);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Schedules, AncestralLaw, ::testing::Values("linear1000", "cosine1000"));

TEST(DdimLaw, OfEverySubsetAndEta) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for_one(q.schedule());
  const std::pair<const char*, const char*> spacings[] = {
      {"uniform", "leading"}, {"quad", "quadratic"}, {"frac", "fraction"}};
  for (const auto& [key, spacing] : spacings) {
    for (const std::int64_t steps : {10, 20, 50, 100, 1000}) {
      if (std::string(key) == "quad" && steps == 1000) continue;
      for (const char* eta : {"0", "0.2", "0.5", "1", "hat"}) {
        // "hat": the published larger noise is the ancestral sampler with variance large.
        const bool hat = std::string(eta) == "hat";
        const auto sampler =
            hat ? make_gaussian_sampler("ancestral", {.spacing = spacing, .variance = "large"})
                : make_gaussian_sampler("ddim", {.spacing = spacing, .eta = std::stod(eta)});
        const SeparateLaw law = law_of(q, *denoiser, *sampler, 1, steps);
        expect_law({law.mean[0].item<double>(), law.variance[0].item<double>()},
                   {0.5, 0.25},
                   std::string("ddim/linear1000/m0.5_v0.25/") + key + "/S" + std::to_string(steps) +
                       "/eta" + eta);
      }
    }
  }
}

TEST(DdimLaw, CoefficientsOfOneStep) {
  const GaussianProcess q(named_schedule("linear1000"));
  const io::Json& want = group("ddim_coefficients/linear1000/uniform10");
  const at::Tensor x_t = at::tensor({1.0, 0.0, 0.0}, at::kDouble).view({3, 1});
  const at::Tensor eps = at::tensor({0.0, 1.0, 0.0}, at::kDouble).view({3, 1});
  const at::Tensor z = at::tensor({0.0, 0.0, 1.0}, at::kDouble).view({3, 1});
  for (const TimeStep& time : spaced_plan("leading", {.trained = 1000, .wanted = 10})) {
    const std::string key = std::to_string(time.from - 1);
    const io::Json& row = want.at(key);
    const PredictionPoint point{.x_t = x_t, .t = at::full({3}, time.from, at::kLong)};
    const GaussianEstimate estimate = make_estimate(q, eps, {}, point, {.threshold = "none"});
    const auto step = [&](const GaussianSampler& sampler) {
      GaussianSamplerState state;
      return sampler.step(
          q, {.estimate = estimate, .x_t = x_t, .time = time, .normals = z}, state, {});
    };
    const auto at_eta = [&](double eta) {
      return step(*make_gaussian_sampler("ddim", {.eta = eta}));
    };
    const auto close = [&](const at::Tensor& got, const char* name) {
      expect_close(got.item<double>(), number(row, name), 1e-10, key + " " + name, 1e-15);
    };
    close(at_eta(0.0)[0][0], "a_x");
    close(at_eta(0.0)[1][0], "a_eps0");
    close(at_eta(0.5)[1][0], "a_eps05");
    close(at_eta(0.5)[2][0], "sigma05");
    close(at_eta(1.0)[1][0], "a_eps1");
    close(at_eta(1.0)[2][0], "sigma1");
    const GaussianStride<double> c = q.stride(time.from, time.to);
    expect_close(std::sqrt(c.beta), number(row, "sigma_hat"), 1e-10, key);
    expect_close(c.signal_t * c.signal_t, number(row, "abar"), 1e-10, key);
    expect_close(c.signal_s * c.signal_s, number(row, "abar_prev"), 1e-10, key);
    if (time.to > 0) {
      const auto hat = make_gaussian_sampler("ancestral", {.variance = "large"});
      close(step(*hat)[2][0], "sigma_hat");
    }
  }
}

TEST(DdimLaw, AtEtaOneIsTheAncestralSampler) {
  const GaussianProcess q(named_schedule("cosine1000"));
  const auto denoiser = best_for_one(q.schedule());
  const auto ddim = make_gaussian_sampler("ddim", {.eta = 1.0});
  const auto ancestral = make_gaussian_sampler("ancestral", {.variance = "small"});
  const SeparateLaw a = law_of(q, *denoiser, *ddim, 1, 100);
  const SeparateLaw b = law_of(q, *denoiser, *ancestral, 1, 100);
  expect_close(a.mean[0].item<double>(), b.mean[0].item<double>(), 1e-12, "mean");
  expect_close(a.variance[0].item<double>(), b.variance[0].item<double>(), 1e-11, "variance");
}

/// Against the exact solution of the probability flow of N(0, v): x_0 / x_T = sqrt(v / V_T).
double flow_error(const char* name, const char* spacing, std::int64_t steps) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = make_gaussian_data_denoiser(
      q.schedule(),
      {.mean = at::zeros({}, at::kDouble), .variance = at::full({}, 0.25, at::kDouble)},
      {});
  const auto sampler = make_gaussian_sampler(name, {.spacing = spacing});
  const SeparateLaw law = law_of(q, *denoiser, *sampler, 1, steps);
  const double exact = std::sqrt(0.25 / noised_variance(q.schedule(), 1000, 0.25));
  return std::abs(law.slope[0].item<double>() - exact) / exact;
}

TEST(DpmSolverLaw, IsOfSecondOrderWhereDdimIsOfFirst) {
  const auto gain = [](const char* name) {
    return flow_error(name, "fraction", 200) / flow_error(name, "fraction", 400);
  };
  EXPECT_NEAR(gain("ddim"), 2.0, 0.2);
  EXPECT_GT(gain("dpm-solver++"), 3.5);
  for (const auto& [steps, share] :
       {std::pair<std::int64_t, double>{10, 0.8}, {20, 0.4}, {50, 0.05}}) {
    EXPECT_LT(flow_error("dpm-solver++", "even", steps), share * flow_error("ddim", "even", steps))
        << steps;
  }
}

TEST(DpmSolverLaw, OneStepByTheFormula) {
  // x_s = sigma_s / sigma_t x - alpha_s (e^-h - 1) D, D extrapolated by h / (2 h_before).
  const GaussianProcess q(named_schedule("linear1000"));
  const auto sampler = make_gaussian_sampler("dpm-solver++");
  const at::Tensor x = at::full({1, 1}, 0.8, at::kDouble);
  const auto lambda = [&](std::int64_t t) { return 0.5 * q.schedule().log_snr(t); };
  GaussianSamplerState state;
  const at::Tensor first = at::full({1, 1}, 0.2, at::kDouble);
  const at::Tensor second = at::full({1, 1}, 0.3, at::kDouble);
  const at::Tensor x1 = sampler->step(
      q,
      {.estimate = {.x0 = first, .noise = x}, .x_t = x, .time = {.from = 900, .to = 600}},
      state,
      {});
  const double h1 = lambda(600) - lambda(900);
  const auto formula = [&](double from, std::int64_t t, std::int64_t s, double h, double d) {
    return q.schedule().noise(s) / q.schedule().noise(t) * from -
           q.schedule().signal(s) * std::expm1(-h) * d;
  };
  expect_close(x1.item<double>(), formula(0.8, 900, 600, h1, 0.2), 1e-12, "first");
  const at::Tensor x2 = sampler->step(
      q,
      {.estimate = {.x0 = second, .noise = x}, .x_t = x1, .time = {.from = 600, .to = 200}},
      state,
      {});
  const double h2 = lambda(200) - lambda(600);
  const double w = h2 / (2.0 * h1);
  expect_close(x2.item<double>(),
               formula(x1.item<double>(), 600, 200, h2, 0.3 + w * (0.3 - 0.2)),
               1e-12,
               "second");
  // Another chain's memory is not used: its time lies on the wrong side.
  GaussianSamplerState stale{.x0 = first, .from = 500};
  const at::Tensor fresh = sampler->step(
      q,
      {.estimate = {.x0 = second, .noise = x}, .x_t = x1, .time = {.from = 600, .to = 200}},
      stale,
      {});
  expect_close(fresh.item<double>(), formula(x1.item<double>(), 600, 200, h2, 0.3), 1e-12, "fresh");
}

TEST(LangevinLaw, StaysWhereItMust) {
  // At one level, on N(0, V): x' = (1 - e/2V) x + sqrt(e) z, stationary V / (1 - e/4V).
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for_all(q.schedule(), GaussianVariance::kLarge);
  const at::Tensor x_t =
      at::tensor({0.0, 1.0, 0.0}, at::kDouble).view({3, 1, 1, 1}).expand({3, 4, 1, 1});
  const at::Tensor z =
      at::tensor({0.0, 0.0, 1.0}, at::kDouble).view({3, 1, 1, 1}).expand({3, 4, 1, 1});
  for (const std::int64_t t : {10, 250, 900}) {
    const auto sampler = make_gaussian_sampler("langevin", {.langevin_rate = 0.1});
    const PredictionPoint point{.x_t = x_t, .t = at::full({3}, t, at::kLong)};
    const GaussianEstimate estimate =
        make_estimate(q, denoiser->forward(x_t, point.t, {}), {}, point, {.threshold = "none"});
    GaussianSamplerState state;
    const at::Tensor out =
        sampler
            ->step(q,
                   {.estimate = estimate, .x_t = x_t, .time = {.from = t, .to = t}, .normals = z},
                   state,
                   {})
            .flatten(1);
    const double e = 0.1 * q.schedule().noise_variance(t);
    for (std::int64_t i = 0; i < 4; ++i) {
      const double total = noised_variance(q.schedule(), t, kData[i].variance);
      const double slope = (out[1][i] - out[0][i]).item<double>();
      const double noise = (out[2][i] - out[0][i]).item<double>();
      expect_close(noise * noise / (1.0 - slope * slope),
                   total / (1.0 - e / (4.0 * total)),
                   1e-9,
                   "stationary variance");
      // And around the mean of the level.
      expect_close(out[0][i].item<double>() / (1.0 - slope),
                   q.schedule().signal(t) * kData[i].mean,
                   1e-9,
                   "stationary mean",
                   1e-12);
    }
  }
}

/// Variance of the annealed chain on N(0, 0.25) by its scalar recursion.
double annealed_variance(const GaussianSchedule& s,
                         const std::vector<TimeStep>& levels,
                         std::int64_t calls) {
  double variance = 1.0;
  for (const TimeStep& level : levels) {
    const double total = noised_variance(s, level.from, 0.25);
    const double e = 0.1 * s.noise_variance(level.from);
    const std::int64_t moves = level.to == 0 ? calls - 1 : calls;
    for (std::int64_t i = 0; i < moves; ++i) {
      variance = std::pow(1.0 - e / (2.0 * total), 2) * variance + e;
    }
    // On to the next level's signal; at the end the estimate of x_0.
    const double factor = level.to == 0 ? s.signal(level.from) * 0.25 / total
                                        : s.signal(level.to) / s.signal(level.from);
    variance *= factor * factor;
  }
  return variance;
}

TEST(LangevinLaw, AnnealingComesToTheDataWithMoreCalls) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = make_gaussian_data_denoiser(
      q.schedule(),
      {.mean = at::zeros({}, at::kDouble), .variance = at::full({}, 0.25, at::kDouble)},
      {});
  double before = INFINITY;
  for (const std::int64_t calls : {1, 5, 20}) {
    const auto sampler =
        make_gaussian_sampler("langevin", {.langevin_steps = calls, .langevin_rate = 0.1});
    const double got = law_of(q, *denoiser, *sampler, 1, 50).variance[0].item<double>();
    expect_close(got,
                 annealed_variance(
                     q.schedule(), spaced_plan("even", {.trained = 1000, .wanted = 50}), calls),
                 1e-10,
                 "annealed variance");
    EXPECT_LT(std::abs(got - 0.25), 0.5 * before) << calls;
    before = std::abs(got - 0.25);
  }
}

TEST(SamplerLaw, DrawnPicturesFollowIt) {
  const GaussianProcess q(named_schedule("linear1000"));
  const auto denoiser = best_for_one(q.schedule());
  const nn::Noise noise{.rng = nn::Rng::of_run(11, 0, 20000)};
  for (const double eta : {0.0, 1.0}) {
    const auto sampler = make_gaussian_sampler("ddim", {.eta = eta});
    const at::Tensor x =
        run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                           draw_prior(noise, {1, 1, 1}),
                           {.threshold = {.threshold = "none"}, .steps = 20},
                           noise)
            .to(at::kDouble);
    std::vector<std::int64_t> times;
    for (std::int64_t i = 1; i <= 20; ++i) times.push_back(50 * i);
    const NormalLaw law = ddim_law(q.schedule(), {0.5, 0.25}, times, eta);
    EXPECT_NEAR(x.mean().item<double>(), law.mean, 4.0 * std::sqrt(law.variance / 20000.0));
    EXPECT_NEAR(
        x.var().item<double>(), law.variance, 4.0 * law.variance * std::sqrt(2.0 / 20000.0));
  }
}

}  // namespace
}  // namespace tessera::diffusion
