// The sampling loop alone, around a tiny network and samplers that write down what they are asked.

#include "pipeline/run_chain.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/tiny_model.h"

namespace tessera::pipeline {
namespace {

using diffusion::TimeStep;

/// Answers the number of its call as the code of every place.
class CountingSampler final : public diffusion::DiscreteSampler {
 public:
  std::string_view name() const override { return "counting"; }
  std::vector<TimeStep> plan(const diffusion::Transition& transition,
                             const diffusion::PlanRequest& request) const override {
    return diffusion::even_plan({.trained = transition.steps(), .wanted = request.steps});
  }
  std::int64_t network_time(const TimeStep& time) const override { return time.to + 1; }
  at::Tensor step(const diffusion::Transition&,
                  const diffusion::SamplerInput& in,
                  const nn::Noise& noise) const override {
    seeds.push_back(noise.rng.seed);
    kept.push_back(in.log_x0.log_p().isfinite().sum(-1).max().item<std::int64_t>());
    return at::full_like(in.x_t, in.time.index);
  }
  mutable std::vector<std::uint64_t> seeds{};
  mutable std::vector<std::int64_t> kept{};  // classes that truncation left
};

struct Stage {
  Parts parts = test::make_tiny_parts();
  CountingSampler sampler{};
  std::vector<TimeStep> plan = sampler.plan(*parts.transition, {.steps = 5});
  GuidedDenoiser denoiser{*parts.denoiser,
                          parts.denoiser->null_condition(2),
                          {},
                          {.times = network_times(sampler, plan)}};
  at::Tensor canvas = at::full({2, 64}, 3, at::kLong);

  ChainWalk walk() const {
    return {.transition = *parts.transition,
            .sampler = sampler,
            .plan = plan,
            .truncation = {.top_k = 4},
            .noise = [](const TimeStep& time) {
              return nn::Noise{.rng = nn::Rng::of_run(static_cast<std::uint64_t>(time.from), 0, 2)};
            }};
  }
};

TEST(RunChain, AsksForTheNoiseOfEachStride) {
  const at::NoGradGuard no_grad;
  Stage setup;
  std::vector<std::int64_t> numbers;
  const at::Tensor out = run_chain(
      setup.denoiser,
      setup.walk(),
      setup.canvas,
      [&](const WalkedStride& stride) {
        numbers.push_back(stride.number);
        EXPECT_TRUE(at::equal(stride.canvas, at::full_like(stride.canvas, stride.number - 1)));
        EXPECT_EQ(stride.prediction.log_p().sizes(), at::IntArrayRef({2, 64, 16}));
      },
      {});
  EXPECT_EQ(setup.sampler.seeds, (std::vector<std::uint64_t>{10, 8, 6, 4, 2}));
  EXPECT_EQ(setup.sampler.kept, (std::vector<std::int64_t>{4, 4, 4, 4, 4})) << "truncated";
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 2, 3, 4, 5}));
  EXPECT_TRUE(at::equal(out, at::full({2, 64}, 4, at::kLong)));
}

TEST(RunChain, PutsBackWhatIsKept) {
  const at::NoGradGuard no_grad;
  Stage setup;
  ChainWalk walk = setup.walk();
  walk.keep = at::arange(64, at::kLong).expand({2, 64}) < 10;
  walk.given = at::full({2, 64}, 7, at::kLong);
  const at::Tensor out = run_chain(setup.denoiser, walk, setup.canvas, {}, {});
  EXPECT_TRUE(at::equal(out, at::where(walk.keep, walk.given, at::full_like(out, 4))));
}

TEST(RunChain, StopsBetweenStrides) {
  const at::NoGradGuard no_grad;
  Stage setup;
  std::stop_source source;
  test::expect_error(ErrorCode::kCancelled, "stopped after step 2", [&] {
    run_chain(
        setup.denoiser,
        setup.walk(),
        setup.canvas,
        [&](const WalkedStride& stride) {
          if (stride.number == 2) source.request_stop();
        },
        source.get_token());
  });
}

TEST(NetworkTimes, AreTheSamplersOwn) {
  const Stage setup;
  EXPECT_EQ(network_times(setup.sampler, setup.plan), (std::vector<std::int64_t>{9, 7, 5, 3, 1}));
}

TEST(LastShare, BeginsWithinTheShareOfTheChain) {
  const auto begins = [](double strength, std::int64_t wanted) {
    return last_share(diffusion::even_plan({.trained = 10, .wanted = wanted}), 10, strength)
        .front()
        .from;
  };
  EXPECT_EQ(begins(1.0, 10), 10);
  EXPECT_EQ(begins(0.5, 10), 5);  // the published int(T * 0.5) - 1, counted from 0
  EXPECT_EQ(begins(0.59, 10), 5);
  EXPECT_EQ(begins(0.3, 10), 3);  // 0.3 * 10 is less than 3 in floating point
  EXPECT_EQ(begins(0.5, 3), 3);
  EXPECT_EQ(begins(1e-3, 3), 3) << "at least the last stride";
}

}  // namespace
}  // namespace tessera::pipeline
