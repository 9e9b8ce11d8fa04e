#include "diffusion/gaussian/theory.h"

#include <cmath>
#include <cstdio>

#include <gtest/gtest.h>

#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;
using test::number;

TEST(Theory, BoundsOfGaussianData) {
  for (const std::string& name : test::groups_below("gauss_elbo_nats/")) {
    const std::string rest = name.substr(name.find('/') + 1);  // linear1000/v0.25/opt
    const std::size_t slash = rest.find('/');
    const std::size_t last = rest.rfind('/');
    const GaussianSchedule schedule = named_schedule(rest.substr(0, slash));
    const double v = std::stod(rest.substr(slash + 2, last - slash - 2));
    const std::string kind = rest.substr(last + 1);
    const ExactBound bound = exact_bound(
        schedule, {0.0, v}, reverse_variances(schedule, kind == "opt" ? "best" : kind, v));
    const io::Json& want = group(name);
    expect_close(bound.first(), number(want, "L0"), 1e-10, name);
    expect_close(bound.middle(), number(want, "sumL"), 1e-10, name);
    expect_close(bound.prior, number(want, "LT"), 1e-10, name);
    expect_close(bound.total(), number(want, "total"), 1e-10, name);
    for (const auto& item : want.at("per_t").items()) {
      expect_close(bound.terms[std::stoull(item.key())],
                   item.value().get<double>(),
                   1e-10,
                   name + " t = " + item.key(),
                   1e-15);
    }
  }
}

TEST(Theory, LikelihoodOfTheToyChain) {
  // Bounds, the model's variance and its likelihood, of five steps.
  struct Row {
    double v;
    const char* kind;
    double first, middle, total, variance;
  };
  constexpr Row kRows[] = {
      {0.25, "best", 0.136463854474, 0.567542330665, 0.729272030980, 0.251363293642},
      {0.25, "large", 0.137871406859, 0.630634834449, 0.793772087149, 0.302133911762},
      {0.25, "small", 0.137871406859, 0.740427807837, 0.903565060536, 0.193652636262},
      {1.0, "best", 0.267645986708, 1.06932670066, 1.4189385332, 1.0},
      {1.0, "large", 0.299409868397, 1.06932670066, 1.45070241489, 0.971428571429},
      {1.0, "small", 0.299409868397, 1.5973116518, 1.97868736604, 0.676455383123}};
  const GaussianSchedule toy = named_schedule("toy5");
  for (const Row& row : kRows) {
    const std::vector<double> variances = reverse_variances(toy, row.kind, row.v);
    const ExactBound bound = exact_bound(toy, {0.0, row.v}, variances);
    expect_close(bound.first(), row.first, 1e-10, row.kind);
    expect_close(bound.middle(), row.middle, 1e-10, row.kind);
    expect_close(bound.total(), row.total, 1e-10, row.kind);
    expect_close(sampler_law(toy, {0.0, row.v}, variances, LastNoise::kKept).variance,
                 row.variance,
                 1e-11,
                 row.kind);
  }
  // By hand: unit data, small: the term of t = 2 is 0.9.
  expect_close(
      exact_bound(toy, {}, reverse_variances(toy, "small", 1.0)).terms[2], 0.9, 1e-13, "by hand");
}

TEST(Theory, LawsOfTheSamplers) {
  for (const std::string& name : test::groups_below("ancestral/")) {
    char schedule_name[32], kind[16];
    double m = 0, v = 0;
    ASSERT_EQ(
        std::sscanf(name.c_str(), "ancestral/%31[^/]/m%lf_v%lf/%15s", schedule_name, &m, &v, kind),
        4);
    const GaussianSchedule schedule = named_schedule(schedule_name);
    std::vector<double> variances(static_cast<std::size_t>(schedule.steps()) + 1, 0.0);
    const std::string key = kind;
    if (key != "znone") variances = reverse_variances(schedule, key == "opt" ? "best" : key, v);
    const NormalLaw law = sampler_law(schedule, {m, v}, variances, LastNoise::kNone);
    expect_close(law.mean, number(group(name), "mean"), 1e-10, name);
    expect_close(law.variance, number(group(name), "var"), 1e-10, name);
  }
}

TEST(Theory, LawsOfDdim) {
  const GaussianSchedule schedule = named_schedule("linear1000");
  for (const std::int64_t steps : {10, 100}) {
    std::vector<std::int64_t> times;
    for (std::int64_t i = 0; i < steps; ++i) times.push_back(i * (1000 / steps) + 1);
    for (const char* eta : {"0", "0.2", "0.5", "1", "hat"}) {
      const std::string name =
          "ddim/linear1000/m0.5_v0.25/uniform/S" + std::to_string(steps) + "/eta" + eta;
      const double value = std::string(eta) == "hat" ? -1.0 : std::stod(eta);
      const NormalLaw law = ddim_law(schedule, {0.5, 0.25}, times, value);
      expect_close(law.mean, number(group(name), "mean"), 1e-10, name);
      expect_close(law.variance, number(group(name), "var"), 1e-10, name);
    }
  }
}

TEST(Theory, EntropyOfTheReverseStep) {
  const GaussianSchedule schedule = named_schedule("linear1000");
  for (const std::string v : {"0.25", "1", "4"}) {
    for (const auto& item : group("entropy_bounds/linear1000/v" + v).items()) {
      const EntropyBounds bounds = entropy_bounds(schedule, std::stoll(item.key()), std::stod(v));
      expect_close(bounds.lower, number(item.value(), "lower"), 1e-10, item.key());
      expect_close(bounds.exact, number(item.value(), "true"), 1e-10, item.key());
      expect_close(bounds.upper, number(item.value(), "upper"), 1e-10, item.key());
      EXPECT_LE(bounds.lower, bounds.exact);
      EXPECT_EQ(bounds.exact > bounds.upper + 1e-12, v == "4") << "wider than 1 breaks the bound";
    }
  }
}

TEST(Theory, DistancesOfNormalLaws) {
  expect_close(frechet_distance({0.0, 1.0}, {0.5, 0.25}), 0.5, 1e-15, "one dimension");
  EXPECT_EQ(frechet_distance({0.3, 0.7}, {0.3, 0.7}), 0.0);
  expect_close(normal_entropy(1.0), 1.4189385332046727, 1e-15, "unit");
}

FiniteLaw law_named(const std::string& name) {
  if (name == "binary_pm1") return {.values = {-1.0, 1.0}, .probabilities = {0.5, 0.5}};
  FiniteLaw law;
  const double deviation = name.find("0.5^2") != std::string::npos ? 0.5 : 0.1;
  const auto cdf = [&](double x) { return 0.5 * std::erfc(-x / deviation / std::sqrt(2.0)); };
  for (int k = 0; k < 256; ++k) {
    const double x = k / 127.5 - 1.0;
    const double high = k == 255 ? 1.0 : cdf(x + 1.0 / 255.0);
    const double low = k == 0 ? 0.0 : cdf(x - 1.0 / 255.0);
    // From the nearer tail, where the difference keeps its digits.
    const double mass =
        x > 0.0 ? (k == 255 ? cdf(-x + 1.0 / 255.0) : cdf(-x + 1.0 / 255.0) - cdf(-x - 1.0 / 255.0))
                : high - low;
    law.values.push_back(x);
    law.probabilities.push_back(name == "uniform256" ? 1.0 / 256.0 : mass);
  }
  return law;
}

TEST(Theory, BoundsOfFiniteData) {
  for (const std::string& name : test::groups_below("finite_bits/")) {
    const std::size_t slash = name.rfind('/');
    const FiniteLaw law = law_named(name.substr(12, slash - 12));
    const GaussianSchedule schedule = named_schedule(name.substr(slash + 1));
    const io::Json& want = group(name);
    expect_close(entropy_bits(law), number(want, "entropy"), 1e-10, name);
    const std::vector<double> errors = finite_data_errors(schedule, law);
    for (const auto& item : want.at("mmse").items()) {
      expect_close(errors[std::stoull(item.key())],
                   item.value().get<double>(),
                   1e-8,
                   name + " t = " + item.key(),
                   1e-15);
    }
    for (const auto& [key, kind] :
         {std::pair{"large", "large"}, {"small", "small"}, {"opt", "best"}}) {
      const FiniteBound bound = finite_bound(schedule, law, errors, kind);
      expect_close(bound.first, number(want.at(key), "L0"), 1e-8, name + key);
      expect_close(bound.middle, number(want.at(key), "sumL"), 1e-8, name + key);
      expect_close(bound.prior, number(want.at(key), "LT"), 1e-8, name + key, 1e-15);
      expect_close(bound.total(), number(want.at(key), "total"), 1e-8, name + key);
    }
  }
}

TEST(Theory, RefusesWhatItDoesNotKnow) {
  const GaussianSchedule toy = named_schedule("toy5");
  expect_error(ErrorCode::kInvalidArgument, "large, small, best or beta, got \"opt\"", [&] {
    reverse_variances(toy, "opt", 1.0);
  });
  expect_error(ErrorCode::kInvalidArgument, "ascending values", [&] {
    entropy_bits({.values = {1.0, 0.0}, .probabilities = {0.5, 0.5}});
  });
  expect_error(ErrorCode::kInvalidArgument, "probabilities that sum to 1", [&] {
    entropy_bits({.values = {0.0}, .probabilities = {0.5}});
  });
}

}  // namespace
}  // namespace tessera::diffusion
