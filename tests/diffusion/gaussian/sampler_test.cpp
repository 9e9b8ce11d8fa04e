#include "diffusion/gaussian/sampler.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "tests/diffusion/gaussian/values.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using tessera::test::expect_error;
using test::named_schedule;

std::shared_ptr<GaussianDenoiser> some_denoiser(const GaussianSchedule& schedule,
                                                AnswerKind kind = {}) {
  return make_gaussian_data_denoiser(
      schedule, {.mean = at::full({}, 0.2), .variance = at::full({}, 0.3)}, kind);
}

at::Tensor walk(const GaussianSampler& sampler,
                const GaussianProcess& q,
                std::int64_t steps,
                const nn::Rng& rng,
                AnswerKind kind = {}) {
  const auto denoiser = some_denoiser(q.schedule(), kind);
  const nn::Noise noise{.rng = rng};
  return run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = sampler},
                            draw_prior(noise, {2, 3, 5}),
                            {.steps = steps},
                            noise);
}

class GaussianSamplerContract : public ::testing::TestWithParam<std::string> {
 protected:
  GaussianSamplerContract() : sampler_(make_gaussian_sampler(GetParam())) {}
  std::unique_ptr<const GaussianSampler> sampler_;
};

TEST_P(GaussianSamplerContract, PlansFromNoiseToData) {
  EXPECT_EQ(sampler_->name(), GetParam());
  for (const char* spacing : {"even", "fraction"}) {
    const auto sampler = make_gaussian_sampler(GetParam(), {.spacing = spacing});
    for (const std::int64_t trained : {1, 2, 5, 100, 1000}) {
      for (const std::int64_t wanted : {std::int64_t{1}, std::int64_t{2}, trained - 1, trained}) {
        if (wanted < 1 || wanted > trained) continue;
        const auto plan = sampler->plan({.trained = trained, .wanted = wanted});
        const std::int64_t calls = GetParam() == "langevin" ? 5 : 1;
        ASSERT_EQ(plan.size(), static_cast<std::size_t>(wanted * calls));
        EXPECT_EQ(plan.front().from, trained);
        EXPECT_EQ(plan.back().to, 0);
        for (std::size_t i = 0; i < plan.size(); ++i) {
          EXPECT_LE(plan[i].to, plan[i].from);
          EXPECT_EQ(plan[i].index, static_cast<std::int64_t>(i));
          EXPECT_EQ(plan[i].count, wanted * calls);
          EXPECT_GE(plan[i].from, 1);
          if (i > 0) {
            EXPECT_EQ(plan[i].from, plan[i - 1].to);
          }
        }
      }
      for (const std::int64_t wanted : {std::int64_t{0}, trained + 1}) {
        expect_error(ErrorCode::kInvalidArgument, "steps must be in", [&] {
          sampler->plan({.trained = trained, .wanted = wanted});
        });
      }
    }
  }
}

TEST_P(GaussianSamplerContract, APictureDoesNotDependOnItsBatch) {
  const GaussianProcess q(named_schedule("linear1000"));
  const at::Tensor whole = walk(*sampler_, q, 7, nn::Rng::of_run(5, 0, 6));
  EXPECT_EQ(whole.scalar_type(), at::kFloat);
  EXPECT_TRUE(whole.isfinite().all().item<bool>());
  const at::Tensor front = walk(*sampler_, q, 7, nn::Rng::of_run(5, 0, 1));
  const at::Tensor back = walk(*sampler_, q, 7, nn::Rng::of_run(5, 1, 5));
  EXPECT_TRUE(at::equal(whole, at::cat({front, back})));
  EXPECT_FALSE(at::equal(whole, walk(*sampler_, q, 7, nn::Rng::of_run(6, 0, 6))));
  EXPECT_FALSE(at::equal(whole[0], whole[1]));
}

TEST_P(GaussianSamplerContract, WhatIsPredictedDoesNotMatter) {
  const GaussianProcess q(named_schedule("linear1000"));
  const at::Tensor want = walk(*sampler_, q, 9, nn::Rng::of_run(2, 0, 3));
  for (const std::string& name : gaussian_prediction_names()) {
    const at::Tensor got = walk(
        *sampler_, q, 9, nn::Rng::of_run(2, 0, 3), {.prediction = parse_gaussian_prediction(name)});
    EXPECT_LT((got - want).abs().max().item<double>(), 2e-4) << name;
  }
}

TEST_P(GaussianSamplerContract, APerfectPredictorIsBelieved) {
  const GaussianProcess q(named_schedule("cosine1000"));
  const at::Tensor truth = nn::Rng::of_run(8, 0, 4).uniform(Purpose::kInit, 0, {1, 4, 4}) - 0.5;
  for (const std::int64_t steps : {1, 2, 10, 50}) {
    GaussianSamplerState state;
    const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 4)};
    at::Tensor x = draw_prior(noise, {1, 4, 4});
    for (const TimeStep& time : sampler_->plan({.trained = 1000, .wanted = steps})) {
      const PredictionPoint point{.x_t = x, .t = at::full({4}, time.from, at::kLong)};
      const GaussianEstimate estimate =
          make_estimate(q, truth, {.prediction = GaussianPrediction::kData}, point, {});
      x = sampler_->step(q, {.estimate = estimate, .x_t = x, .time = time}, state, noise);
    }
    EXPECT_TRUE(at::allclose(x, truth, 1e-5, 1e-5)) << steps;
  }
}

TEST_P(GaussianSamplerContract, TheLastStepAddsNoNoise) {
  const GaussianProcess q(named_schedule("toy5"));
  const at::Tensor x = at::full({1, 1, 1, 1}, 0.7, at::kDouble);
  const auto last = [&](double z) {
    GaussianSamplerState state;
    return sampler_
        ->step(q,
               {.estimate = {.x0 = x * 0.5, .noise = x},
                .x_t = x,
                .time = {.from = 1, .to = 0},
                .normals = at::full_like(x, z)},
               state,
               {})
        .item<double>();
  };
  EXPECT_EQ(last(0.0), last(3.0));
}

INSTANTIATE_TEST_SUITE_P(Samplers,
                         GaussianSamplerContract,
                         ::testing::ValuesIn(gaussian_sampler_names()),
                         [](const auto& chosen) {
                           std::string name = chosen.param;
                           std::replace_if(
                               name.begin(),
                               name.end(),
                               [](char c) { return c == '-' || c == '+'; },
                               '_');
                           return name;
                         });

std::vector<std::int64_t> visited(const char* spacing, std::int64_t wanted) {
  std::vector<std::int64_t> times;
  for (const TimeStep& time : spaced_plan(spacing, {.trained = 1000, .wanted = wanted})) {
    times.insert(times.begin(), time.from - 1);  // as the publications count
  }
  return times;
}

TEST(Spacing, TimesAreThePublishedOnes) {
  using Times = std::vector<std::int64_t>;
  EXPECT_EQ(visited("quadratic", 10), (Times{0, 9, 39, 88, 158, 246, 355, 483, 632, 800}));
  EXPECT_EQ(visited("quadratic", 20), (Times{0,   2,   8,   19,  35,  55,  79,  108, 141, 179,
                                             221, 268, 319, 374, 434, 498, 567, 640, 718, 800}));
  EXPECT_EQ(visited("fraction", 10), (Times{0, 111, 222, 333, 444, 555, 666, 777, 888, 999}));
  const Times fraction = visited("fraction", 25);
  EXPECT_EQ(Times(fraction.begin(), fraction.begin() + 5), (Times{0, 42, 83, 125, 166}));
  EXPECT_EQ(Times(fraction.end() - 3, fraction.end()), (Times{916, 957, 999}));
  const Times leading = visited("leading", 25);
  EXPECT_EQ(Times(leading.begin(), leading.begin() + 3), (Times{0, 40, 80}));
  EXPECT_EQ(leading.back(), 960);
  EXPECT_EQ(visited("even", 4), (Times{249, 499, 749, 999}));
  expect_error(ErrorCode::kInvalidArgument, "divides 1000, got 300", [] {
    spaced_plan("leading", {.trained = 1000, .wanted = 300});
  });
  expect_error(ErrorCode::kNotFound, "no spacing named \"cubic\"; known: even", [] {
    spaced_plan("cubic", {.trained = 1000, .wanted = 10});
  });
}

TEST(MakeGaussianSampler, RefusesWhatIsOutOfRange) {
  expect_error(
      ErrorCode::kNotFound,
      "no Gaussian sampler named \"euler\"; known: ancestral, ddim, dpm-solver++, langevin",
      [] { make_gaussian_sampler("euler"); });
  const auto refused = [](const GaussianSamplerOptions& options, const char* part) {
    expect_error(
        ErrorCode::kInvalidArgument, part, [&] { make_gaussian_sampler("ddim", options); });
  };
  refused({.eta = 1.5}, "eta must be in [0, 1], got 1.5");
  refused({.eta = -0.1}, "eta must be in [0, 1], got -0.1");
  refused({.eta = NAN}, "eta must be in [0, 1]");
  refused({.noise_scale = 2.0}, "noise_scale must be in [0, 1], got 2");
  refused({.spacing = "odd"}, "spacing must be even, fraction, leading or quadratic, got \"odd\"");
  refused({.langevin_steps = 0}, "langevin_steps must be in 1..1000, got 0");
  refused({.langevin_rate = 2.0}, "langevin_rate must be in (0, 2), got 2");
  expect_error(ErrorCode::kNotFound, "no variance named \"tiny\"", [] {
    make_gaussian_sampler("ancestral", {.variance = "tiny"});
  });
  expect_error(ErrorCode::kInvalidArgument, "the variance range must have been learned", [] {
    make_gaussian_sampler("ancestral", {.variance = "range"});
  });
  EXPECT_NO_THROW(
      make_gaussian_sampler("ancestral", {.variance = "range"}, GaussianVariance::kRange));
  EXPECT_NO_THROW(
      make_gaussian_sampler("ancestral", {.variance = "small"}, GaussianVariance::kRange));
}

TEST(GaussianChain, StopsWhenAsked) {
  const GaussianProcess q(named_schedule("toy5"));
  const auto denoiser = some_denoiser(q.schedule());
  const auto sampler = make_gaussian_sampler("ddim");
  std::stop_source source;
  int steps = 0;
  ChainOptions options{.on_step =
                           [&](const ChainStep&) {
                             if (++steps == 2) source.request_stop();
                             return at::Tensor();
                           },
                       .stop = source.get_token()};
  expect_error(ErrorCode::kCancelled, "cancelled after 2 of 5 steps", [&] {
    run_gaussian_chain({.process = q, .denoiser = *denoiser, .sampler = *sampler},
                       at::zeros({1, 1, 1, 1}),
                       options,
                       {});
  });
  EXPECT_EQ(steps, 2);
}

/// Answers the class of each row, times x_t: enough to see which condition was used.
class LabelDenoiser final : public GaussianDenoiser {
 public:
  at::Tensor forward(const at::Tensor& x_t,
                     const at::Tensor& /*t*/,
                     const nn::Condition& condition) override {
    ++calls;
    return x_t * condition.labels.to(x_t.scalar_type()).view({-1, 1, 1, 1});
  }
  nn::Condition null_condition(std::int64_t batch) override {
    return {.labels = at::zeros({batch}, at::kLong)};
  }
  GaussianPrediction prediction() const override { return GaussianPrediction::kNoise; }
  GaussianVariance variance() const override { return GaussianVariance::kLarge; }
  int calls = 0;
};

TEST(GaussianChain, GuidanceIsOneCallOfBothHalves) {
  LabelDenoiser denoiser;
  const PredictionPoint point{.x_t = at::full({2, 1, 1, 1}, 0.5), .t = at::ones({2}, at::kLong)};
  const nn::Condition wanted{.labels = at::tensor({3, 4}, at::kLong)};
  const auto answer = [&](const ChainOptions& options) {
    return guided_answer(denoiser, point, options).flatten();
  };
  EXPECT_TRUE(at::equal(answer({.condition = wanted}), at::tensor({1.5f, 2.0f})));
  // 0 + 2 (c - 0).
  EXPECT_TRUE(at::equal(answer({.condition = wanted, .guidance = 2.0}), at::tensor({3.0f, 4.0f})));
  // 1 + 2 (c - 1), the unwanted class given.
  const nn::Condition other{.labels = at::ones({2}, at::kLong)};
  EXPECT_TRUE(at::equal(answer({.condition = wanted, .unconditional = other, .guidance = 2.0}),
                        at::tensor({2.5f, 3.5f})));
  EXPECT_EQ(denoiser.calls, 3);
  expect_error(ErrorCode::kInvalidArgument, "needs a condition and a null condition", [&] {
    answer({.guidance = 2.0});
  });
}

}  // namespace
}  // namespace tessera::diffusion
