#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "diffusion/gaussian/theory.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::expect_close;
using test::named_schedule;

at::Tensor some_x(std::int64_t rows) {
  return nn::Rng::of_run(6, 0, rows).normal(Purpose::kInit, 0, {1, 1, 2}).to(at::kDouble);
}
at::Tensor times(std::int64_t rows, std::int64_t t) {
  return at::full({rows}, t, at::kLong);
}
constexpr AnswerKind kPicture{.prediction = GaussianPrediction::kData,
                              .variance = GaussianVariance::kDiagonal};

TEST(Oracles, TwoPointsAreATanh) {
  const GaussianSchedule s = named_schedule("linear1000");
  const auto denoiser =
      make_finite_data_denoiser(s,
                                at::tensor({-1.0, 1.0}, at::kDouble).view({2, 1, 1, 1}),
                                {},
                                {.prediction = GaussianPrediction::kData});
  const at::Tensor x = at::linspace(-3, 3, 13, at::kDouble).view({13, 1, 1, 1});
  for (const std::int64_t t : {1, 100, 500, 1000}) {
    const at::Tensor want = (x * (s.signal(t) / s.noise_variance(t))).tanh();
    EXPECT_TRUE(at::allclose(denoiser->forward(x, times(13, t), {}), want, 1e-12, 1e-14));
  }
}

TEST(Oracles, AgreeWhereTheirDataDo) {
  const GaussianSchedule s = named_schedule("cosine1000");
  const at::Tensor x = some_x(5);
  const at::Tensor mean = at::tensor({0.3, -0.4}, at::kDouble).view({1, 1, 2});
  const auto answer = [&](const std::shared_ptr<GaussianDenoiser>& d, std::int64_t t) {
    return d->forward(x, times(5, t), {});
  };
  for (const std::int64_t t : {1, 30, 700, 1000}) {
    const at::Tensor diagonal =
        answer(make_gaussian_data_denoiser(
                   s, {.mean = mean, .variance = at::full({}, 0.09, at::kDouble)}, kPicture),
               t);
    const at::Tensor full =
        answer(make_gaussian_data_denoiser(
                   s, {.mean = mean, .covariance = 0.09 * at::eye(2, at::kDouble)}, kPicture),
               t);
    const at::Tensor mixture =
        answer(make_mixture_data_denoiser(s,
                                          {.means = mean.expand({3, 1, 1, 2}),
                                           .variances = at::full({3}, 0.09, at::kDouble),
                                           .weights = at::tensor({0.2, 0.5, 0.3}, at::kDouble)},
                                          kPicture),
               t);
    EXPECT_TRUE(at::allclose(diagonal, full, 1e-10, 1e-12)) << t;
    EXPECT_TRUE(at::allclose(diagonal, mixture, 1e-10, 1e-12)) << t;
    // A mixture of no width is a set of points.
    const at::Tensor points = at::tensor({-0.5, 0.2, 0.6, 0.1}, at::kDouble).view({2, 1, 1, 2});
    const at::Tensor weights = at::tensor({0.25, 0.75}, at::kDouble);
    EXPECT_TRUE(at::allclose(
        answer(make_finite_data_denoiser(s, points, weights, kPicture), t).narrow(1, 0, 1),
        answer(make_mixture_data_denoiser(
                   s,
                   {.means = points, .variances = at::zeros({2}, at::kDouble), .weights = weights},
                   kPicture),
               t)
            .narrow(1, 0, 1),
        1e-10,
        1e-12));
  }
}

TEST(Oracles, AMixturesScoreIsTheGradientOfItsLogDensity) {
  const GaussianSchedule s = named_schedule("linear1000");
  const at::Tensor means = at::tensor({-0.7, 0.1, 0.5, 0.9}, at::kDouble).view({2, 1, 1, 2});
  const at::Tensor variances = at::tensor({0.04, 0.2}, at::kDouble);
  const at::Tensor weights = at::tensor({0.3, 0.7}, at::kDouble);
  const auto denoiser =
      make_mixture_data_denoiser(s,
                                 {.means = means, .variances = variances, .weights = weights},
                                 {.prediction = GaussianPrediction::kScore});
  for (const std::int64_t t : {20, 300, 900}) {
    const at::Tensor x = some_x(7).requires_grad_();
    const at::Tensor total =
        variances * s.alpha_bar[static_cast<std::size_t>(t)] + s.noise_variance(t);
    const at::Tensor off = x.view({7, 1, 2}) - s.signal(t) * means.view({1, 2, 2});
    const at::Tensor log_p =
        (weights.log() - total.log() - off.square().sum(2) / (2.0 * total)).logsumexp(1);
    log_p.sum().backward();
    EXPECT_TRUE(at::allclose(denoiser->forward(x.detach(), times(7, t), {}), x.grad(), 1e-9, 1e-11))
        << t;
  }
}

TEST(Oracles, ScoreMatchingHasItsFloor) {
  // t = 250, v = 0.25: E|score|^2 = 1/V; of the conditional score 1/(1 - alpha_bar); what cannot be
  // learned is their difference. A network 10 % off costs 1 % of (1 - alpha_bar)/V more.
  const GaussianSchedule s = named_schedule("linear1000");
  const GaussianProcess q(s);
  const auto denoiser = make_gaussian_data_denoiser(
      s, {.mean = at::zeros({}, at::kDouble), .variance = at::full({}, 0.25, at::kDouble)}, {});
  const at::Tensor x0 = at::tensor({0.5, 0.5, -0.5, -0.5}, at::kDouble).view({4, 1, 1, 1});
  const at::Tensor noise = at::tensor({1.0, -1.0, 1.0, -1.0}, at::kDouble).view({4, 1, 1, 1});
  const at::Tensor t = times(4, 250);
  const at::Tensor x_t = q.q_sample(x0, t, noise);
  const at::Tensor eps = denoiser->forward(x_t, t, {});
  const at::Tensor score = convert_prediction(
      q, eps, GaussianPrediction::kNoise, GaussianPrediction::kScore, {.x_t = x_t, .t = t});
  const at::Tensor conditional = prediction_target(q, GaussianPrediction::kScore, x0, noise, t);
  const auto square = [](const at::Tensor& x) { return x.square().mean().item<double>(); };
  expect_close(square(score), 1.64762025986, 1e-11, "score");
  expect_close(square(conditional), 2.10121720368, 1e-11, "conditional");
  expect_close(square(score - conditional), 0.453596943821, 1e-11, "difference");
  expect_close(square(eps - noise), 0.215873419952, 1e-11, "best");
  expect_close(square(0.9 * eps - noise), 0.223714685753, 1e-11, "10 % off");
}

TEST(Oracles, SamplersReturnTheTrainingPoints) {
  const GaussianSchedule s = named_schedule("linear1000");
  const GaussianProcess q(s);
  const at::Tensor points =
      at::tensor({-0.8, 0.6, 0.7, 0.7, 0.1, -0.9}, at::kDouble).view({3, 2, 1, 1});
  const auto denoiser = make_finite_data_denoiser(s, points, {}, {});
  const nn::Noise noise{.rng = nn::Rng::of_run(2, 0, 300)};
  const std::pair<const char*, GaussianSamplerOptions> samplers[] = {
      {"ancestral", {.spacing = "fraction", .variance = "small"}},
      {"ddim", {.spacing = "fraction"}},
      {"dpm-solver++", {.spacing = "fraction"}}};
  for (const auto& [name, options] : samplers) {
    const auto sampler = make_gaussian_sampler(name, options);
    const at::Tensor x =
        run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                           draw_prior(noise, {2, 1, 1}),
                           {.steps = 100},
                           noise)
            .to(at::kDouble)
            .flatten(1);
    const at::Tensor distance = (x.unsqueeze(1) - points.flatten(1).unsqueeze(0)).norm(2, 2);
    const auto [nearest, which] = distance.min(1);
    EXPECT_LT(nearest.max().item<double>(), 1e-5) << name;
    for (std::int64_t k = 0; k < 3; ++k) {
      EXPECT_NEAR((which == k).sum().item<double>(), 100.0, 45.0) << name << " point " << k;
    }
  }
}

TEST(Oracles, AnswerInTheTypeTheyAreAsked) {
  const GaussianSchedule s = named_schedule("toy5");
  const auto denoiser = make_gaussian_data_denoiser(
      s, {.mean = at::zeros({}), .variance = at::ones({})}, {.variance = GaussianVariance::kRange});
  const at::Tensor answer = denoiser->forward(at::zeros({2, 3, 4, 5}), times(2, 3), {});
  EXPECT_EQ(answer.scalar_type(), at::kFloat);
  EXPECT_EQ(answer.sizes(), (std::vector<std::int64_t>{2, 6, 4, 5}));
  EXPECT_FALSE(denoiser->null_condition(2).defined());
}

TEST(Oracles, RefuseWhatIsNoLaw) {
  const GaussianSchedule s = named_schedule("toy5");
  const at::Tensor zero = at::zeros({});
  expect_error(ErrorCode::kInvalidArgument, "a variance or a covariance, not both", [&] {
    make_gaussian_data_denoiser(s, {.mean = zero}, {});
  });
  expect_error(ErrorCode::kInvalidArgument, "must not be negative", [&] {
    make_gaussian_data_denoiser(s, {.mean = zero, .variance = zero - 1.0}, {});
  });
  expect_error(ErrorCode::kInvalidArgument, "no negative eigenvalue", [&] {
    make_gaussian_data_denoiser(
        s, {.mean = zero, .covariance = at::tensor({1.f, 2.f, 2.f, 1.f}).view({2, 2})}, {});
  });
  expect_error(ErrorCode::kShapeMismatch, "a covariance is [D, D]", [&] {
    make_gaussian_data_denoiser(s, {.mean = zero, .covariance = at::ones({2, 3})}, {});
  });
  expect_error(ErrorCode::kInvalidArgument, "weights must be 2 numbers", [&] {
    make_finite_data_denoiser(s, at::zeros({2, 1, 1, 1}), at::zeros({2}), {});
  });
  expect_error(ErrorCode::kShapeMismatch, "a mixture needs means", [&] {
    make_mixture_data_denoiser(
        s, {.means = at::zeros({2, 1, 1, 1}), .variances = at::ones({3})}, {});
  });
}

}  // namespace
}  // namespace tessera::diffusion
