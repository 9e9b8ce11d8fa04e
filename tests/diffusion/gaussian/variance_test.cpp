#include "diffusion/gaussian/variance.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/loss.h"
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

double variance_of(const GaussianProcess& q,
                   GaussianVariance kind,
                   std::int64_t t,
                   std::int64_t s,
                   double raw = 0.0) {
  const at::Tensor x = at::zeros({1, 1}, at::kDouble);
  return log_variance(q,
                      kind,
                      {.x_t = x,
                       .t = at::full({1}, t, at::kLong),
                       .s = at::full({1}, s, at::kLong),
                       .raw = at::full_like(x, raw)})
      .exp()
      .item<double>();
}

TEST(GaussianVariance, OfEveryKind) {
  const GaussianProcess q(named_schedule("toy5"));
  const GaussianSchedule& s = q.schedule();
  for (std::int64_t t = 2; t <= 5; ++t) {
    const double beta = s.beta[static_cast<std::size_t>(t)];
    const double small = s.posterior_variance(t);
    expect_close(variance_of(q, GaussianVariance::kLarge, t, t - 1), beta, 1e-14, "large");
    expect_close(variance_of(q, GaussianVariance::kSmall, t, t - 1), small, 1e-14, "small");
    expect_close(variance_of(q, GaussianVariance::kRange, t, t - 1, 1.0), beta, 1e-14, "range +1");
    expect_close(
        variance_of(q, GaussianVariance::kRange, t, t - 1, -1.0), small, 1e-14, "range -1");
    expect_close(variance_of(q, GaussianVariance::kRange, t, t - 1, 0.0),
                 std::sqrt(beta * small),
                 1e-14,
                 "range 0 is the geometric mean");
    expect_close(
        variance_of(q, GaussianVariance::kDiagonal, t, t - 1, -0.7), std::exp(-0.7), 1e-14, "own");
  }
  // Two steps in one: 1 - alpha_bar_4 / alpha_bar_2.
  expect_close(
      variance_of(q, GaussianVariance::kLarge, 4, 2), 1.0 - 0.3024 / 0.72, 1e-14, "a stride");
}

TEST(GaussianVariance, TheFirstStepBorrowsTheSecondsWidth) {
  const GaussianProcess q(named_schedule("toy5"));
  const double second = q.schedule().posterior_variance(2);
  for (const GaussianVariance kind : {GaussianVariance::kLarge, GaussianVariance::kSmall}) {
    expect_close(variance_of(q, kind, 1, 0), second, 1e-14, "t = 1");
  }
  expect_close(std::exp(first_log_variance(q, 1)), second, 1e-14, "scalar");
  expect_close(variance_of(q, GaussianVariance::kRange, 1, 0, 1.0), 0.1, 1e-14, "range at t = 1");
  // A plan 4, 2, 0: the last stride borrows from 4 -> 2.
  const double stride =
      std::exp(std::log(q.stride(std::int64_t{4}, std::int64_t{2}).posterior_variance));
  expect_close(variance_of(q, GaussianVariance::kSmall, 2, 0), stride, 1e-14, "strided");
  // 3 -> 0: there is no 6, so 5 -> 3.
  expect_close(variance_of(q, GaussianVariance::kSmall, 3, 0),
               q.stride(std::int64_t{5}, std::int64_t{3}).posterior_variance,
               1e-14,
               "cut off at T");
  // All in one stride: its own beta.
  expect_close(variance_of(q, GaussianVariance::kSmall, 5, 0), 1.0 - 0.1512, 1e-14, "one stride");
  const GaussianProcess one(schedule_of_betas({0.3}));
  expect_close(variance_of(one, GaussianVariance::kLarge, 1, 0), 0.3, 1e-14, "T = 1");
}

TEST(GaussianVariance, WeightOfTheNoiseErrorInTheBound) {
  const GaussianProcess q(named_schedule("linear1000"));
  for (const auto& item : group("vlb_weight/linear1000").items()) {
    const std::int64_t t = std::stoll(item.key());
    for (const char* kind : {"small", "large"}) {
      expect_close(bound_weight_of_noise(q, parse_gaussian_variance(kind), t),
                   number(item.value(), kind),
                   1e-10,
                   std::string(kind) + " t = " + item.key());
    }
  }
  expect_error(ErrorCode::kInvalidArgument, "learned", [&] {
    bound_weight_of_noise(q, GaussianVariance::kRange, 3);
  });
}

TEST(GaussianVariance, TheBestFractionOfTheRange) {
  // ln(best / beta~) / ln(beta / beta~) of Gaussian data; above 1 for data wider than 1.
  const GaussianSchedule schedule = named_schedule("linear1000");
  struct Row {
    std::int64_t t;
    double narrow;
    double wide;
  };
  constexpr Row kRows[] = {{2, 0.99954374, 1.0001141},
                           {100, 0.76561398, 1.0828792},
                           {500, 0.26574242, 3.2337420},
                           {1000, 0.25000764, 3.9995108}};
  const auto denoiser = make_gaussian_data_denoiser(
      schedule,
      {.mean = at::zeros({}, at::kDouble), .variance = at::tensor({0.25, 4.0, 1.0}, at::kDouble)},
      {.variance = GaussianVariance::kRange});
  for (const Row& row : kRows) {
    const at::Tensor answer = denoiser->forward(
        at::zeros({1, 3, 1, 1}, at::kDouble), at::full({1}, row.t, at::kLong), {});
    const at::Tensor share = (answer.flatten().narrow(0, 3, 3) + 1.0) / 2.0;
    expect_close(share[0].item<double>(), row.narrow, 1e-7, "v = 0.25");
    expect_close(share[1].item<double>(), row.wide, 1e-7, "v = 4");
    expect_close(share[2].item<double>(), 1.0, 1e-7, "v = 1");
  }
}

TEST(GaussianVariance, Names) {
  for (const std::string& name : gaussian_variance_names()) {
    EXPECT_EQ(to_string(parse_gaussian_variance(name)), name);
  }
  expect_error(ErrorCode::kNotFound,
               "no variance named \"huge\"; known: large, small, diagonal, range",
               [] { parse_gaussian_variance("huge"); });
  const GaussianProcess q(named_schedule("toy5"));
  expect_error(ErrorCode::kShapeMismatch, "is learned and needs a second half", [&] {
    log_variance(
        q,
        GaussianVariance::kRange,
        {.x_t = at::zeros({1, 1}), .t = at::ones({1}, at::kLong), .s = at::zeros({1}, at::kLong)});
  });
}

}  // namespace
}  // namespace tessera::diffusion
