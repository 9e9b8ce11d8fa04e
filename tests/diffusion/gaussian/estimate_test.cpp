#include "diffusion/gaussian/estimate.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/rng.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::named_schedule;

TEST(Threshold, ClampsOrScales) {
  const at::Tensor x = at::tensor({-3.0, -0.5, 0.25, 2.0}, at::kDouble).view({1, 4});
  EXPECT_TRUE(at::equal(apply_threshold(x, {.threshold = "none"}), x));
  EXPECT_TRUE(at::equal(apply_threshold(x, {}),
                        at::tensor({-1.0, -0.5, 0.25, 1.0}, at::kDouble).view({1, 4})));
  // The 2/3 point of |x| = 0.25, 0.5, 2, 3 is 2: clamp to it, then divide by it.
  const at::Tensor dynamic = apply_threshold(x, {.threshold = "dynamic", .percentile = 2.0 / 3.0});
  EXPECT_TRUE(at::allclose(
      dynamic, at::tensor({-1.0, -0.25, 0.125, 1.0}, at::kDouble).view({1, 4}), 1e-12, 1e-12));
  // Pictures inside their limits stay as they are, and each has its own percentile.
  const at::Tensor two = at::cat({x, x * 0.1});
  const at::Tensor both = apply_threshold(two, {.threshold = "dynamic"});
  EXPECT_TRUE(at::equal(both[1], two[1]));
  EXPECT_LE(both.abs().max().item<double>(), 1.0);
}

TEST(Threshold, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const ThresholdOptions& options, const char* part) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] { options.validate(); });
  };
  refused({.threshold = "soft"}, "threshold must be none, static or dynamic, got \"soft\"");
  refused({.limit = 0.0}, "threshold_limit must be above 0, got 0");
  refused({.percentile = 1.5}, "threshold_percentile must be in (0, 1], got 1.5");
}

TEST(Guidance, IsALineThroughBothAnswers) {
  const at::Tensor c = at::full({2, 4, 1, 1}, 3.0);
  const at::Tensor u = at::full({2, 4, 1, 1}, 1.0);
  const auto at_scale = [&](double scale, GaussianVariance variance) {
    return guide_prediction(c, u, scale, variance).flatten(1)[0];
  };
  EXPECT_TRUE(at::equal(at_scale(1.0, GaussianVariance::kLarge), c.flatten(1)[0]));
  EXPECT_TRUE(at::equal(at_scale(0.0, GaussianVariance::kLarge), u.flatten(1)[0]));
  EXPECT_TRUE(at::equal(at_scale(2.0, GaussianVariance::kLarge), at::full({4}, 5.0)));
  // The variance half is not guided.
  EXPECT_TRUE(at::equal(at_scale(2.0, GaussianVariance::kRange), at::tensor({5.f, 5.f, 3.f, 3.f})));
  expect_error(ErrorCode::kInvalidArgument, "guidance must be 0 or more, got -1", [&] {
    guide_prediction(c, u, -1.0, GaussianVariance::kLarge);
  });
  expect_error(ErrorCode::kShapeMismatch, "one shape", [&] {
    guide_prediction(c, u.narrow(0, 0, 1), 2.0, GaussianVariance::kLarge);
  });
}

TEST(Estimate, PictureAndNoiseMakeTheCanvasAgain) {
  const GaussianProcess q(named_schedule("linear1000"));
  const nn::Rng rng = nn::Rng::of_run(2, 0, 3);
  const PredictionPoint point{.x_t = rng.normal(Purpose::kInit, 0, {2, 4}).to(at::kDouble),
                              .t = at::tensor({10, 300, 900}, at::kLong)};
  const at::Tensor answer = rng.normal(Purpose::kInit, 1, {4, 4}).to(at::kDouble);
  for (const char* threshold : {"none", "static", "dynamic"}) {
    for (const std::string& name : gaussian_prediction_names()) {
      const GaussianEstimate e = make_estimate(
          q,
          answer,
          {.prediction = parse_gaussian_prediction(name), .variance = GaussianVariance::kRange},
          point,
          {.threshold = threshold});
      EXPECT_TRUE(at::allclose(q.q_sample(e.x0, point.t, e.noise), point.x_t, 1e-9, 1e-9))
          << name << " " << threshold;
      EXPECT_TRUE(at::equal(e.variance_raw, answer.narrow(1, 2, 2)));
      if (std::string(threshold) != "none") {
        EXPECT_LE(e.x0.abs().max().item<double>(), 1.0 + 1e-12);
      }
    }
  }
  expect_error(ErrorCode::kShapeMismatch, "answers 2 C channels", [&] {
    make_estimate(q, answer.narrow(1, 0, 3), {.variance = GaussianVariance::kRange}, point, {});
  });
}

}  // namespace
}  // namespace tessera::diffusion
