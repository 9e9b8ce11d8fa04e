#include "diffusion/gaussian/process.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;

at::Tensor number(double value, at::ScalarType type = at::kDouble) {
  return at::full({1, 1}, value, type);
}
at::Tensor time(std::int64_t t) {
  return at::full({1}, t, at::kLong);
}

TEST(GaussianProcess, OneWorkedPosterior) {
  const GaussianProcess q(named_schedule("linear1000"));
  const GaussianMoments m = q.posterior(number(0.3), number(-0.7), time(500), time(499));
  expect_close(m.mean.item<double>(), -0.69495364781284, 1e-13, "mean");
  expect_close(m.log_variance.exp().item<double>(), 0.010031355414614, 1e-12, "variance");
}

TEST(GaussianProcess, ThePosteriorIsBayesRuleOnAGrid) {
  const GaussianProcess q(named_schedule("toy5"));
  for (const auto& [t, s] : {std::pair{2, 1}, {5, 4}, {5, 1}, {4, 2}}) {
    // q(x_s | x_0) q(x_t | x_s), normalised over x_s.
    const GaussianStride<double> c = q.stride(t, s);
    const double x0 = 0.4, x_t = -1.1;
    double mass = 0, first = 0, second = 0;
    for (double x = -9.0; x <= 9.0; x += 0.005) {
      const double early = (x - c.signal_s * x0) / c.noise_s;
      const double late = (x_t - std::sqrt(1.0 - c.beta) * x) / std::sqrt(c.beta);
      const double p = std::exp(-0.5 * (early * early + late * late));
      mass += p;
      first += p * x;
      second += p * x * x;
    }
    const GaussianMoments m = q.posterior(number(x0), number(x_t), time(t), time(s));
    const double mean = first / mass;
    expect_close(m.mean.item<double>(), mean, 1e-9, "mean");
    expect_close(m.log_variance.exp().item<double>(), second / mass - mean * mean, 1e-9, "var");
  }
}

TEST(GaussianProcess, ThePosteriorOfTheDataIsAPoint) {
  const GaussianProcess q(named_schedule("toy5"));
  const GaussianMoments m = q.posterior(number(0.4), number(2.0), time(3), time(0));
  EXPECT_EQ(m.mean.item<double>(), 0.4);
  EXPECT_EQ(m.log_variance.item<double>(), -std::numeric_limits<double>::infinity());
}

TEST(GaussianProcess, StepsAndTheJumpAgree) {
  const GaussianProcess q(named_schedule("toy5"));
  // Coefficients: a stride's variance adds to what its predecessor left.
  for (std::int64_t t = 2; t <= 5; ++t) {
    const GaussianStride<double> c = q.stride(t, t - 1);
    expect_close((1.0 - c.beta) * c.noise_s * c.noise_s + c.beta,
                 c.noise_t * c.noise_t,
                 1e-14,
                 "merged noise");
  }
  expect_close(0.8 * 0.1 + 0.2, q.schedule().noise_variance(2), 1e-15, "by hand");
  const at::Tensor x0 = number(0.7);
  const at::Tensor x2 = q.q_sample(x0, time(2), number(1.0));
  const at::Tensor x4 = q.q_continue(x2, time(2), time(4), number(-0.5));
  const GaussianStride<double> c = q.stride(4, 2);
  expect_close(x4.item<double>(),
               std::sqrt(1.0 - c.beta) * x2.item<double>() - 0.5 * std::sqrt(c.beta),
               1e-14,
               "continued");
  EXPECT_TRUE(at::equal(q.q_continue(x0, time(0), time(2), number(1.0)), x2));
  EXPECT_TRUE(at::equal(q.q_continue(x2, time(2), time(2), number(9.0)), x2));
}

TEST(GaussianProcess, VarianceOfTheNoisedData) {
  const GaussianProcess q(named_schedule("linear1000"));
  for (const std::string v : {"0.25", "1", "4"}) {
    for (const auto& item : group("variance_xt/linear1000/v" + v).items()) {
      const at::Tensor t = time(std::stoll(item.key()));
      const double of_data =
          q.q_sample(number(std::sqrt(std::stod(v))), t, number(0.0)).item<double>();
      const double of_noise = q.q_sample(number(0.0), t, number(1.0)).item<double>();
      expect_close(of_data * of_data + of_noise * of_noise,
                   item.value().get<double>(),
                   1e-13,
                   "v = " + v + ", t = " + item.key());
    }
  }
}

TEST(GaussianProcess, RowsHaveTheirOwnTimesAndKeepTheirType) {
  const GaussianProcess q(named_schedule("linear1000"));
  const at::Tensor x0 = at::full({3, 2, 4, 4}, 0.5);
  const at::Tensor noise = at::full({3, 2, 4, 4}, -1.0);
  const at::Tensor t = at::tensor({1, 500, 1000}, at::kLong);
  const at::Tensor all = q.q_sample(x0, t, noise);
  EXPECT_EQ(all.scalar_type(), at::kFloat);
  for (std::int64_t row = 0; row < 3; ++row) {
    const at::Tensor one =
        q.q_sample(x0.narrow(0, row, 1), t.narrow(0, row, 1), noise.narrow(0, row, 1));
    EXPECT_TRUE(at::equal(all.narrow(0, row, 1), one));
  }
  EXPECT_TRUE(at::equal(q.q_sample(x0, at::zeros({3}, at::kLong), noise), x0));
  // float32 pictures see coefficients that were right in float64: 1 - alpha_bar_1 = 1e-4.
  const at::Tensor first = q.q_sample(at::zeros({1, 1}), time(1), at::ones({1, 1}));
  expect_close(first.item<double>(), 0.01, 1e-7, "noise of the first step");
}

TEST(GaussianProcess, RefusesWhatDoesNotFit) {
  const GaussianProcess q(named_schedule("toy5"));
  expect_error(ErrorCode::kShapeMismatch, "one time a row", [&] {
    q.q_sample(number(0.0), at::ones({2}, at::kLong), number(0.0));
  });
  expect_error(ErrorCode::kShapeMismatch, "noise must have the shape", [&] {
    q.q_sample(number(0.0), time(1), at::zeros({1, 2}));
  });
  expect_error(ErrorCode::kInvalidArgument, "got 2 to 2", [&] {
    q.stride(std::int64_t{2}, std::int64_t{2});
  });
  expect_error(
      ErrorCode::kInvalidArgument, "in 1..5", [&] { q.stride(std::int64_t{6}, std::int64_t{2}); });
}

}  // namespace
}  // namespace tessera::diffusion
