#include "diffusion/gaussian/loss.h"

#include <cmath>
#include <cstdio>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/theory.h"
#include "nn/rng.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::group;
using test::named_schedule;

/// Every pair of x_0 = +-sqrt(v) and noise = +-1: quadratic forms have their exact expectation.
GaussianLossInput corners(double v, std::int64_t t) {
  const double d = std::sqrt(v);
  return {.x0 = at::tensor({d, d, -d, -d}, at::kDouble).view({4, 1, 1, 1}),
          .noise = at::tensor({1.0, -1.0, 1.0, -1.0}, at::kDouble).view({4, 1, 1, 1}),
          .t = at::full({4}, t, at::kLong)};
}

TEST(NormalKl, IsThatOf40Digits) {
  for (const std::string& name : test::groups_below("kl_nats/N")) {
    double m1 = 0, v1 = 0, m2 = 0, v2 = 0;
    ASSERT_EQ(std::sscanf(name.c_str(), "kl_nats/N(%lf,%lf)||N(%lf,%lf)", &m1, &v1, &m2, &v2), 4);
    const auto moments = [](double m, double v) {
      return GaussianMoments{.mean = at::full({1}, m, at::kDouble),
                             .log_variance = at::full({1}, std::log(v), at::kDouble)};
    };
    const double want = group(name).get<double>();
    expect_close(normal_kl(moments(m1, v1), moments(m2, v2)).item<double>(), want, 1e-12, name);
    expect_close(normal_divergence({m1, v1}, {m2, v2}), want, 1e-12, name);
  }
}

TEST(GaussianLoss, ItsExpectationIsTheExactBound) {
  const GaussianProcess q(named_schedule("toy5"));
  for (const double v : {0.25, 1.0}) {
    for (const char* kind : {"large", "small"}) {
      const AnswerKind answer{.variance = parse_gaussian_variance(kind)};
      const auto denoiser = make_gaussian_data_denoiser(
          q.schedule(),
          {.mean = at::zeros({}, at::kDouble), .variance = at::full({}, v, at::kDouble)},
          answer);
      const ExactBound exact =
          exact_bound(q.schedule(), {0.0, v}, reverse_variances(q.schedule(), kind, v));
      for (std::int64_t t = 1; t <= 5; ++t) {
        GaussianLossInput in = corners(v, t);
        in.answer = denoiser->forward(q.q_sample(in.x0, in.t, in.noise), in.t, {});
        const GaussianLoss loss =
            gaussian_loss(q, in, answer, {.objective = "bound", .decoder = "continuous"});
        expect_close(loss.bound.mean().item<double>() / 5.0,
                     exact.terms[static_cast<std::size_t>(t)],
                     1e-11,
                     std::string(kind) + " t = " + std::to_string(t));
        EXPECT_TRUE(at::equal(loss.total, loss.bound));
        // The best noise error is alpha_bar v / V.
        expect_close(loss.squared_error.mean().item<double>(),
                     q.schedule().alpha_bar[static_cast<std::size_t>(t)] * v /
                         noised_variance(q.schedule(), t, v),
                     1e-11,
                     "noise error");
      }
    }
  }
}

TEST(GaussianLoss, HybridTeachesTheVarianceOnlyThroughTheBound) {
  const GaussianProcess q(named_schedule("linear1000"));
  const AnswerKind kind{.variance = GaussianVariance::kRange};
  GaussianLossInput in = corners(0.25, 40);
  in.t = at::tensor({1, 2, 40, 1000}, at::kLong);
  const nn::Rng rng = nn::Rng::of_run(4, 0, 4);
  in.answer = rng.normal(Purpose::kInit, 0, {2, 1, 1}).to(at::kDouble).requires_grad_();
  const GaussianLoss hybrid =
      gaussian_loss(q, in, kind, {.objective = "hybrid", .bound_weight = 0.001});
  EXPECT_TRUE(
      at::allclose(hybrid.total, hybrid.squared_error + 0.001 * hybrid.bound, 1e-12, 1e-12));
  hybrid.total.sum().backward();
  const at::Tensor gradient = in.answer.grad().flatten(1);
  EXPECT_TRUE(gradient.isfinite().all().item<bool>());
  // Of the mean: that of the squared error alone, 2 (answer - noise).
  const at::Tensor want = 2.0 * (in.answer.detach().flatten(1).select(1, 0) - in.noise.flatten());
  EXPECT_TRUE(at::allclose(gradient.select(1, 0), want, 1e-12, 1e-12));
  EXPECT_TRUE((gradient.select(1, 1).abs() > 0).all().item<bool>());
  // In the bound proper, the mean learns too.
  in.answer = in.answer.detach().clone().requires_grad_();
  gaussian_loss(q, in, kind, {.objective = "bound"}).total.sum().backward();
  EXPECT_FALSE(at::allclose(in.answer.grad().flatten(1).select(1, 0), want));
}

TEST(GaussianLoss, TheGradientIsThatOfDifferences) {
  const GaussianProcess q(named_schedule("linear1000"));
  const nn::Rng rng = nn::Rng::of_run(5, 0, 4);
  for (const std::string& name : gaussian_prediction_names()) {
    const AnswerKind kind{.prediction = parse_gaussian_prediction(name),
                          .variance = GaussianVariance::kRange};
    GaussianLossInput in{
        .x0 = from_pixels(at::arange(8, at::kLong).view({4, 2, 1, 1}) * 30, at::kDouble),
        .noise = rng.normal(Purpose::kInit, 1, {2, 1, 1}).to(at::kDouble),
        .t = at::tensor({1, 7, 250, 600}, at::kLong)};
    const at::Tensor exact = prediction_target(q, kind.prediction, in.x0, in.noise, in.t);
    const at::Tensor off = rng.normal(Purpose::kInit, 2, {4, 1, 1}).to(at::kDouble);
    in.answer = (at::cat({exact, at::zeros_like(exact)}, 1) + 0.01 * off).requires_grad_();
    const auto loss = [&](const at::Tensor& answer) {
      GaussianLossInput moved = in;
      moved.answer = answer;
      return gaussian_loss(q, moved, kind, {.objective = "bound"}).total.sum();
    };
    loss(in.answer).backward();
    const at::Tensor direction = rng.normal(Purpose::kInit, 3, {4, 1, 1}).to(at::kDouble);
    const double step = 1e-6;
    const double measured =
        (loss(in.answer.detach() + step * direction) - loss(in.answer.detach() - step * direction))
            .item<double>() /
        (2 * step);
    expect_close((in.answer.grad() * direction).sum().item<double>(), measured, 1e-5, name);
  }
}

TEST(GaussianLoss, WeightsMeanTheSameForEveryPrediction) {
  // The weighted error does not depend on what is predicted, where the weight is of x_0's error.
  const GaussianProcess q(named_schedule("linear1000"));
  for (const char* weighting : {"snr", "min-snr", "truncated-snr"}) {
    for (const std::int64_t t : {1, 2, 100, 500, 1000}) {
      GaussianLossInput in = corners(0.3, t);
      const at::Tensor x_t = q.q_sample(in.x0, in.t, in.noise);
      const at::Tensor wrong = in.x0 + 0.01;
      std::vector<double> seen;
      for (const std::string& name : gaussian_prediction_names()) {
        const GaussianPrediction p = parse_gaussian_prediction(name);
        in.answer =
            convert_prediction(q, wrong, GaussianPrediction::kData, p, {.x_t = x_t, .t = in.t});
        seen.push_back(gaussian_loss(q, in, {.prediction = p}, {.weighting = weighting})
                           .total.mean()
                           .item<double>());
      }
      for (const double one : seen) expect_close(one, seen[1], 1e-8, weighting);
      const double snr = std::exp(q.schedule().log_snr(t));
      const double weight = std::string(weighting) == "snr"       ? snr
                            : std::string(weighting) == "min-snr" ? std::fmin(snr, 5.0)
                                                                  : std::fmax(snr, 1.0);
      expect_close(seen[1], weight * 1e-4, 1e-8, weighting);
    }
  }
}

TEST(GaussianLoss, HalvesAreWidenedAndPixelsHaveTheirDecoder) {
  const GaussianProcess q(named_schedule("toy5"));
  GaussianLossInput in{.x0 = from_pixels(at::full({1, 1, 2, 2}, 77, at::kLong), at::kFloat),
                       .noise = at::full({1, 1, 2, 2}, 0.5f),
                       .t = at::ones({1}, at::kLong),
                       .answer = at::full({1, 1, 2, 2}, 0.5f)};
  const GaussianLoss loss = gaussian_loss(q, in, {}, {.objective = "bound"});
  // The exact noise: the decoder's mean is the pixel itself.
  const double deviation = std::exp(0.5 * first_log_variance(q, 1));
  const double mass = std::erf(1.0 / 255.0 / deviation / std::sqrt(2.0));
  expect_close(loss.bound.item<double>(), -5.0 * std::log(mass), 1e-5, "L_0");
  in.answer = in.answer.to(at::kHalf);
  EXPECT_EQ(gaussian_loss(q, in, {}, {.objective = "bound"}).total.scalar_type(), at::kFloat);
}

TEST(GaussianLoss, RefusesWhatDoesNotFit) {
  const GaussianProcess q(named_schedule("toy5"));
  GaussianLossInput in = corners(1.0, 1);
  in.answer = at::zeros({4, 1, 1, 1}, at::kDouble);
  const auto refused = [&](const GaussianLossOptions& options, AnswerKind kind, const char* part) {
    expect_error(ErrorCode::kInvalidArgument, part, [&] { gaussian_loss(q, in, kind, options); });
  };
  refused({.objective = "vlb"}, {}, "objective must be simple, bound or hybrid, got \"vlb\"");
  refused({.weighting = "p2"}, {}, "weighting must be");
  refused({.min_snr_gamma = 0.0}, {}, "min_snr_gamma must be above 0");
  refused({.bound_weight = -1.0}, {}, "bound_weight must be 0 or more");
  refused({.decoder = "bits"}, {}, "decoder must be pixels or continuous");
  refused({.objective = "hybrid"}, {}, "does not go with the variance large");
  expect_error(ErrorCode::kShapeMismatch, "must be [4, 2, 1, 1] with the variance range", [&] {
    gaussian_loss(q, in, {.variance = GaussianVariance::kRange}, {.objective = "hybrid"});
  });
  in.answer = at::zeros({4, 2, 1, 1}, at::kDouble);
  refused({}, {.variance = GaussianVariance::kRange}, "a learned one needs bound or hybrid");
}

}  // namespace
}  // namespace tessera::diffusion
