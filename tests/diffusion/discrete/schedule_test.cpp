#include "diffusion/discrete/schedule.h"

#include <cmath>

#include <gtest/gtest.h>

#include "oracle.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

constexpr double kCodes = 4096.0;

RateTable table_of(const TransitionOptions& options) {
  return RateTable(make_schedule(options));
}

// Natural logarithms of alpha, beta, gamma over one step and of A, B, C from the data on, as the
// released schedule has them for K = 4096; its index t is our t + 1.
TEST(Schedule, Alpha1IsTheReleasedOne) {
  struct Row {
    std::int64_t t;
    double step[3];
    double since_data[3];
  };
  const Row rows[] = {
      {1, {-1.000005e-05, -22.13328, -11.61829}, {-1.000005e-05, -22.13328, -11.61829}},
      {2, {-0.01015228, -26.7284, -4.59513}, {-0.01016228, -22.13328, -4.594248}},
      {51, {-0.02020234, -25.36222, -3.912043}, {-0.7033004, -22.13328, -0.683098}},
      {100, {-7.024038, -17.54002, -0.0009895291}, {-11.61829, -22.13328, -1.000005e-05}}};
  const RateTable table = table_of({});
  for (const Row& row : rows) {
    const Rates step = table.between({.early = row.t - 1, .late = row.t});
    const Rates all = table.between({.early = 0, .late = row.t});
    const auto expect_logs = [&](const Rates& r, const double(&want)[3]) {
      EXPECT_NEAR(std::log(r.keep), want[0], 1e-6 * std::abs(want[0]));
      EXPECT_NEAR(std::log(r.replace / kCodes), want[1], 1e-6 * std::abs(want[1]));
      EXPECT_NEAR(std::log(r.mask), want[2], 1e-6 * std::abs(want[2]));
    };
    expect_logs(step, row.step);
    expect_logs(all, row.since_data);
  }
}

// K = 4, schedule of the paper's text; alpha, 4 beta, gamma of each step.
TEST(Schedule, AnyStartAndEnd) {
  const double want[4][3] = {{0.75, 0.025, 0.225},
                             {0.66666666666666663, 0.043010752688172, 0.29032258064516131},
                             {0.5, 0.090909090909091, 0.40909090909090912},
                             {0.0, 0.30769230769230771, 0.69230769230769229}};
  const RateTable table = table_of(oracle::paper(4));
  for (std::int64_t t = 1; t <= 4; ++t) {
    const Rates step = table.between({.early = t - 1, .late = t});
    EXPECT_NEAR(step.keep, want[t - 1][0], 1e-13);
    EXPECT_NEAR(step.replace, want[t - 1][1], 1e-13);
    EXPECT_NEAR(step.mask, want[t - 1][2], 1e-13);
  }
}

TEST(Schedule, TwoStepsComposed) {
  const Rates r = table_of(oracle::friendly(4)).between({.early = 2, .late = 4});
  EXPECT_NEAR(r.keep, 0.15789474, 1e-8);
  EXPECT_NEAR(r.replace / 3.0, 0.042606516, 1e-9);
  EXPECT_NEAR(r.mask, 0.71428571, 1e-8);
}

TEST(Schedule, CurvesEndInPureNoise) {
  for (const std::int64_t steps : {1, 2, 3, 10, 1000}) {
    const auto end = [&](const char* kind, const char* schedule) {
      return make_schedule({.kind = kind, .schedule = schedule, .steps = steps}).back();
    };
    EXPECT_EQ(end("absorbing", "linear-mask").mask, 1.0);
    EXPECT_EQ(end("absorbing", "cosine-mask").mask, 1.0);
    EXPECT_EQ(end("mask-and-replace", "cosine-mask").keep, 0.0);
    EXPECT_EQ(end("mask-and-replace", "alpha1").mask, 0.99999);
    EXPECT_EQ(end("mask-and-replace", "alpha1").keep, 0.000009);
    EXPECT_EQ(end("uniform", "alpha1").keep, 0.000009);
    EXPECT_EQ(end("uniform", "alpha1").mask, 0.0);
    EXPECT_EQ(end("mask-and-replace", "uniform-only").mask, 0.0);
  }
  const auto cosine = make_schedule({.schedule = "cosine-mask", .steps = 3});
  EXPECT_NEAR(cosine[1].mask, 0.5, 1e-15);  // sin(30 degrees)
  const auto linear = make_schedule({.schedule = "linear-mask", .steps = 4});
  EXPECT_EQ(linear[3].mask, 0.75);
}

TEST(Schedule, NamesWhatIsWrong) {
  const auto refuse = [](const TransitionOptions& o, const std::string& part) {
    test::expect_error(ErrorCode::kInvalidArgument, part, [&] { o.validate(); });
  };
  refuse({.kind = "gaussian"}, "no transition kind named \"gaussian\"");
  refuse({.schedule = "beta1"}, "known: alpha1, linear-mask");
  refuse({.steps = 0}, "steps must be in 1..1000000, got 0");
  refuse({.keep_start = 1.5}, "keep_start must be in [0, 1], got 1.5");
  refuse({.mask_end = -0.1}, "mask_end must be in [0, 1], got -0.1");
  refuse({.keep_end = 0.9}, "add up to 1");
  refuse({.kind = "absorbing", .schedule = "uniform-only"}, "\"uniform-only\" has none");
  refuse({.steps = 9, .keep_start = 0.1, .keep_end = 0.5, .mask_start = 0.0, .mask_end = 0.1},
         "returns from noise");
  refuse({.steps = 9, .keep_start = 0.5, .keep_end = 0.1, .mask_start = 0.4, .mask_end = 0.1},
         "returns from noise");
  refuse({.steps = 9, .keep_start = 0.0, .keep_end = 0.0}, "only the last time");
  test::expect_error(
      ErrorCode::kInvalidArgument, "at least 2 codes", [] { make_transition({}, 1); });
}

}  // namespace
}  // namespace tessera::diffusion
