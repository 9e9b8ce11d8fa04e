#include "diffusion/gaussian/schedule.h"

#include <cmath>
#include <limits>

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

constexpr double kExact = 1e-10;

TEST(GaussianSchedule, TablesAreThoseOf40Digits) {
  for (const char* name : {"linear1000", "cosine1000", "linear4000", "cosine4000", "toy5"}) {
    const GaussianSchedule s = named_schedule(name);
    for (const auto& item : group(std::string("schedule/") + name).items()) {
      const std::int64_t t = std::stoll(item.key());
      const std::string what = std::string(name) + " t = " + item.key();
      const auto i = static_cast<std::size_t>(t);
      expect_close(s.beta[i], number(item.value(), "beta"), kExact, what);
      expect_close(s.alpha_bar[i], number(item.value(), "abar"), kExact, what);
      expect_close(s.signal(t), number(item.value(), "sqrt_abar"), kExact, what);
      expect_close(s.noise(t), number(item.value(), "sqrt_1m"), kExact, what);
      expect_close(s.posterior_variance(t), number(item.value(), "post_var"), kExact, what);
      expect_close(s.x0_coefficient(t), number(item.value(), "c_x0"), kExact, what);
      expect_close(s.xt_coefficient(t), number(item.value(), "c_xt"), kExact, what);
      expect_close(s.log_snr(t), number(item.value(), "logsnr"), kExact, what);
    }
  }
}

TEST(GaussianSchedule, WholeTablesSumToThoseOf40Digits) {
  for (const char* name : {"linear1000", "cosine1000", "linear4000", "cosine4000", "toy5"}) {
    const GaussianSchedule s = named_schedule(name);
    const io::Json& want = group(std::string("checksum/") + name);
    double beta = 0, alpha_bar = 0, variance = 0, x0 = 0, xt = 0, log_snr = 0;
    for (std::int64_t t = 1; t <= s.steps(); ++t) {
      beta += s.beta[static_cast<std::size_t>(t)];
      alpha_bar += s.alpha_bar[static_cast<std::size_t>(t)];
      variance += s.posterior_variance(t);
      x0 += s.x0_coefficient(t);
      xt += s.xt_coefficient(t);
      log_snr += s.log_snr(t);
    }
    expect_close(beta, number(want, "sum_beta"), kExact, name);
    expect_close(alpha_bar, number(want, "sum_abar"), kExact, name);
    expect_close(variance, number(want, "sum_post_var"), kExact, name);
    expect_close(x0, number(want, "sum_c_x0"), kExact, name);
    expect_close(xt, number(want, "sum_c_xt"), kExact, name);
    expect_close(log_snr, number(want, "sum_logsnr"), kExact, name);
  }
}

TEST(GaussianSchedule, OtherCurves) {
  for (const char* name :
       {"quad1000", "ldm_scaled_linear", "const0.02", "sigmoid", "sd2015_code"}) {
    const GaussianSchedule s = named_schedule(name);
    for (const auto& item : group(std::string("abar/") + name).items()) {
      expect_close(s.alpha_bar[std::stoull(item.key())],
                   item.value().get<double>(),
                   kExact,
                   std::string(name) + " t = " + item.key());
    }
  }
}

TEST(GaussianSchedule, ThePriorTerm) {
  for (const std::string& name : test::groups_below("prior_bits/")) {
    const GaussianSchedule s = named_schedule(name.substr(name.find('/') + 1));
    for (const auto& item : group(name).items()) {
      const double square = item.key() == "257/765" ? 257.0 / 765.0 : std::stod(item.key());
      expect_close(prior_divergence(s, s.steps(), square) / std::log(2.0),
                   item.value().get<double>(),
                   kExact,
                   name + " of " + item.key());
    }
  }
}

TEST(GaussianSchedule, WhenTheLastStepIsNoise) {
  const GaussianSchedule linear = named_schedule("linear1000");
  const GaussianSchedule cosine = named_schedule("cosine1000");
  EXPECT_EQ(steps_until_noise(linear, 1.0, 1e-2), 651);
  EXPECT_EQ(steps_until_noise(linear, 1.0, 1e-3), 807);
  EXPECT_EQ(steps_until_noise(linear, 1.0, 1e-4), 937);
  EXPECT_EQ(steps_until_noise(cosine, 1.0, 1e-2), 925);
  EXPECT_EQ(steps_until_noise(cosine, 1.0, 1e-3), 977);
  EXPECT_EQ(steps_until_noise(cosine, 1.0, 1e-4), 993);
  EXPECT_EQ(steps_until_noise(linear, 1.0, 1e-9), 1001);
}

TEST(GaussianSchedule, TheInverseScheduleForgetsLinearly) {
  const GaussianSchedule s = make_gaussian_schedule({.kind = "inverse", .steps = 40});
  for (std::int64_t t = 0; t <= 40; ++t) {
    expect_close(s.alpha_bar[static_cast<std::size_t>(t)],
                 static_cast<double>(40 - t) / 40.0,
                 1e-12,
                 "inverse",
                 1e-15);
  }
  EXPECT_EQ(s.alpha_bar.back(), 0.0);
  EXPECT_EQ(s.noise(40), 1.0);
  EXPECT_EQ(s.signal(40), 0.0);
}

TEST(GaussianSchedule, EntryZeroIsTheIdentity) {
  for (const std::string& kind : gaussian_schedule_names()) {
    GaussianScheduleOptions options{.kind = kind, .steps = 20, .first = 0.01, .last = 0.2};
    if (kind == "given") options.values.assign(20, 0.1);
    const GaussianSchedule s = make_gaussian_schedule(options);
    EXPECT_EQ(s.steps(), 20) << kind;
    EXPECT_EQ(s.beta[0], 0.0);
    EXPECT_EQ(s.signal(0), 1.0);
    EXPECT_EQ(s.noise(0), 0.0);
    EXPECT_EQ(s.x0_coefficient(1), 1.0);
    EXPECT_EQ(s.posterior_variance(1), 0.0);
    for (std::int64_t t = 1; t <= 20; ++t) EXPECT_LT(s.log_snr(t), s.log_snr(t - 1)) << kind;
  }
}

TEST(GaussianSchedule, TheNoiseOfTheFirstStepKeepsItsDigits) {
  const GaussianSchedule s = schedule_of_betas({1e-9, 1e-9});
  expect_close(s.noise_variance(1), 1e-9, 1e-14, "1 - alpha_bar_1");
  expect_close(s.noise_variance(2), 2e-9 - 1e-18, 1e-14, "1 - alpha_bar_2");
}

TEST(GaussianSchedule, RefusesWhatIsNoChain) {
  const auto refused = [](GaussianScheduleOptions options, const char* part) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] { make_gaussian_schedule(options); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  refused({.steps = 0}, "steps must be in 1..");
  refused({.steps = 1}, "the schedule linear needs at least 2 steps, got 1");
  refused({.first = 0.0}, "first is a variance of a step and must be in (0, 1), got 0");
  refused({.last = 1.0}, "last is a variance of a step and must be in (0, 1), got 1");
  refused({.last = nan}, "last is a variance");
  refused({.kind = "cosine", .cosine_offset = -0.1}, "cosine_offset must be in [0, 1], got -0.1");
  refused({.kind = "cosine", .clip = 1.5}, "clip");
  refused({.kind = "sigmoid", .sigmoid_start = 3.0}, "sigmoid_start must be below sigmoid_end");
  refused({.kind = "sigmoid", .sigmoid_tau = 0.0}, "sigmoid_tau must be in");
  refused({.kind = "given", .steps = 3, .values = {0.1}}, "needs one value a step: 3, got 1");
  refused({.kind = "given", .steps = 2, .values = {1.0, 0.1}},
          "beta at step 1 must be in (0, 1), or 1 at the last step, got 1");
  refused({.kind = "given", .steps = 1, .values = {-0.1}}, "beta at step 1");
  expect_error(ErrorCode::kNotFound, "no Gaussian schedule named \"cosin\"; known: linear", [] {
    make_gaussian_schedule({.kind = "cosin"});
  });
  const GaussianSchedule s = named_schedule("toy5");
  expect_error(ErrorCode::kInvalidArgument, "must be in 0..5, got 6", [&] { s.signal(6); });
  expect_error(
      ErrorCode::kInvalidArgument, "must be 1 or more, got 0", [&] { s.posterior_variance(0); });
}

}  // namespace
}  // namespace tessera::diffusion
