#include "diffusion/gaussian/prediction.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/rng.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::named_schedule;

TEST(GaussianPrediction, AllFiveFromAnyOne) {
  const GaussianProcess q(named_schedule("linear1000"));
  const nn::Rng rng = nn::Rng::of_run(3, 0, 6);
  const at::Tensor x0 = rng.normal(Purpose::kInit, 0, {2, 3}).to(at::kDouble);
  const at::Tensor noise = rng.normal(Purpose::kInit, 1, {2, 3}).to(at::kDouble);
  const at::Tensor t = at::tensor({1, 2, 100, 500, 999, 1000}, at::kLong);
  const at::Tensor x_t = q.q_sample(x0, t, noise);
  for (const std::string& from : gaussian_prediction_names()) {
    for (const std::string& to : gaussian_prediction_names()) {
      const GaussianPrediction a = parse_gaussian_prediction(from);
      const GaussianPrediction b = parse_gaussian_prediction(to);
      const at::Tensor got =
          convert_prediction(q, prediction_target(q, a, x0, noise, t), a, b, {.x_t = x_t, .t = t});
      const at::Tensor want = prediction_target(q, b, x0, noise, t);
      EXPECT_LT(((got - want).abs() / (want.abs() + 1.0)).max().item<double>(), 1e-10)
          << from << " to " << to;
      EXPECT_EQ(to_string(b), to);
    }
  }
}

TEST(GaussianPrediction, OneWorkedExample) {
  const GaussianProcess q(named_schedule("linear1000"));
  const PredictionPoint point{.x_t = at::full({1, 1}, -0.7, at::kDouble),
                              .t = at::full({1}, 500, at::kLong)};
  const at::Tensor x0 = at::full({1, 1}, 0.3, at::kDouble);
  const auto as = [&](GaussianPrediction to) {
    return convert_prediction(q, x0, GaussianPrediction::kData, to, point).item<double>();
  };
  expect_close(as(GaussianPrediction::kNoise), -0.81685407753048, 1e-12, "noise");
  expect_close(as(GaussianPrediction::kMean), -0.69495364781284, 1e-12, "mean");
  expect_close(as(GaussianPrediction::kVelocity), -0.5169628458392, 1e-12, "velocity");
  expect_close(as(GaussianPrediction::kScore), 0.85097611554516, 1e-12, "score");
  // A Langevin step: (x_t + beta score) / sqrt(alpha) is the posterior mean.
  const double beta = q.schedule().beta[500];
  expect_close((-0.7 + beta * 0.85097611554516) / std::sqrt(1.0 - beta),
               -0.69495364781284,
               1e-12,
               "Langevin form");
}

TEST(GaussianPrediction, WithoutSignalOnlySomePredictionsSpeak) {
  const GaussianSchedule s = make_gaussian_schedule({.kind = "inverse", .steps = 5});
  check_prediction(s, GaussianPrediction::kVelocity);
  check_prediction(s, GaussianPrediction::kData);
  check_prediction(named_schedule("toy5"), GaussianPrediction::kNoise);
  expect_error(ErrorCode::kInvalidArgument, "leaves no signal at T = 5", [&] {
    check_prediction(s, GaussianPrediction::kNoise);
  });
  const GaussianProcess q(s);
  const PredictionPoint last{.x_t = at::full({1, 1}, 0.6, at::kDouble),
                             .t = at::full({1}, 5, at::kLong)};
  const at::Tensor v = at::full({1, 1}, -0.3, at::kDouble);
  EXPECT_EQ(convert_prediction(q, v, GaussianPrediction::kVelocity, GaussianPrediction::kData, last)
                .item<double>(),
            0.3);
  EXPECT_EQ(
      convert_prediction(q, v, GaussianPrediction::kVelocity, GaussianPrediction::kNoise, last)
          .item<double>(),
      0.6);
}

TEST(GaussianPrediction, RefusesWhatIsUnknown) {
  expect_error(ErrorCode::kNotFound,
               "no prediction named \"eps\"; known: noise, data, mean, velocity, score",
               [] { parse_gaussian_prediction("eps"); });
  const GaussianProcess q(named_schedule("toy5"));
  expect_error(ErrorCode::kShapeMismatch, "a prediction has the shape of x_t", [&] {
    convert_prediction(q,
                       at::zeros({1, 2}),
                       GaussianPrediction::kNoise,
                       GaussianPrediction::kData,
                       {.x_t = at::zeros({1, 1}), .t = at::ones({1}, at::kLong)});
  });
}

}  // namespace
}  // namespace tessera::diffusion
