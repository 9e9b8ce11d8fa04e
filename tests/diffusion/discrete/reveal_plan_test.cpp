#include "diffusion/discrete/samplers/reveal_plan.h"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "diffusion/discrete/transitions/dense_transition.h"
#include "oracle.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using Numbers = std::vector<std::int64_t>;

std::int64_t sum(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::int64_t{0});
}

Numbers planned(const Transition& q, const PlanRequest& request, std::int64_t tokens_a_call = 0) {
  const auto strides = even_plan({.trained = q.steps(), .wanted = request.steps});
  return planned_reveals(q, strides, request, tokens_a_call);
}

// Numbers written down from the published program, by its time index 1, 2, ...: the other way
// round.
TEST(PublishedReveals, AreTheTables) {
  const auto by_index = [](std::int64_t steps, std::int64_t tokens_a_call) {
    Numbers numbers = published_reveals(steps, tokens_a_call);
    return Numbers(numbers.rbegin(), numbers.rend());
  };
  const Numbers all = by_index(100, 0);
  EXPECT_EQ(all.size(), 99u);
  EXPECT_EQ(Numbers(all.begin(), all.begin() + 7), Numbers({10, 11, 10, 10, 11, 10, 10}));
  EXPECT_EQ(Numbers(all.end() - 5, all.end()), Numbers({11, 10, 10, 11, 11}));
  EXPECT_EQ(sum(all), 1024);
  EXPECT_EQ(by_index(100, 11), all);
  const Numbers few = by_index(100, 10);
  EXPECT_EQ(few.size(), 99u);
  EXPECT_EQ(Numbers(few.begin(), few.begin() + 4), Numbers({6, 11, 10, 10}));
  EXPECT_EQ(Numbers(few.end() - 3, few.end()), Numbers({10, 11, 15}));
  EXPECT_EQ(sum(few), 1024);
  // The share of the last stride, which is drawn by the chain: 10, 21 and 69.
  EXPECT_EQ(by_index(50, 0).size(), 49u);
  EXPECT_EQ(by_index(50, 0).front(), 21);
  EXPECT_EQ(by_index(50, 0).back(), 30);
  EXPECT_EQ(sum(by_index(50, 0)), 1024 - 10);
  EXPECT_EQ(by_index(25, 0), Numbers({41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41,
                                      41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 41, 60}));
  EXPECT_EQ(by_index(10, 5), Numbers({102, 102, 102, 102, 102, 102, 102, 102, 139}));
  EXPECT_TRUE(published_reveals(99, 0).empty());
}

TEST(PlannedReveals, TakeTheTableForTheSizesThatItWasMadeFor) {
  const auto released = make_transition({.steps = 100}, 5);
  EXPECT_EQ(planned(*released, {.steps = 100, .tokens = 1024}), published_reveals(100, 0));
  EXPECT_EQ(planned(*released, {.steps = 100, .tokens = 1024}, 4), published_reveals(100, 4));
  EXPECT_NE(planned(*released, {.steps = 100, .tokens = 1023}), published_reveals(100, 0));
  const auto cosine =
      make_transition({.kind = "absorbing", .schedule = "cosine-mask", .steps = 100}, 5);
  EXPECT_NE(planned(*cosine, {.steps = 100, .tokens = 1024}), published_reveals(100, 0));
}

// Cumulative rounding: at no time is the number of hidden places further than one half from what
// the chain expects, for any sizes.
TEST(PlannedReveals, FollowTheChain) {
  for (const oracle::Chain& chain : oracle::all_chains()) {
    if (chain.options.kind == "uniform" || chain.options.schedule == "uniform-only") continue;
    const auto q = make_transition(chain.options, chain.codes);
    const auto mask = static_cast<std::size_t>(*q->mask_state());
    const auto share = [&](std::int64_t t) {
      return chain.between(0, static_cast<std::size_t>(t))[0][mask];
    };
    for (const std::int64_t tokens : {1, 7, 64, 1000}) {
      for (std::int64_t wanted = 1; wanted <= q->steps(); ++wanted) {
        const auto strides = even_plan({.trained = q->steps(), .wanted = wanted});
        const Numbers numbers = planned(*q, {.steps = wanted, .tokens = tokens});
        ASSERT_EQ(numbers.size(), static_cast<std::size_t>(wanted - 1));
        std::int64_t hidden = tokens;
        for (std::size_t i = 0; i < numbers.size(); ++i) {
          EXPECT_GE(numbers[i], 0);
          hidden -= numbers[i];
          const oracle::Real expected =
              static_cast<oracle::Real>(tokens) * share(strides[i].to) / share(q->steps());
          EXPECT_NEAR(static_cast<double>(hidden), static_cast<double>(expected), 0.5 + 1e-9)
              << chain.label << " in " << wanted;
        }
      }
    }
  }
}

TEST(PlannedReveals, ReadAChainThatIsMatrices) {
  const auto q = make_transition(oracle::friendly(6), 3);
  const DenseTransition dense = DenseTransition::twin_of(*q);
  const PlanRequest request{.steps = 4, .tokens = 100};
  EXPECT_EQ(planned(dense, request), planned(*q, request));
}

TEST(PlannedReveals, NeedAMask) {
  const auto q = make_transition({.kind = "uniform", .steps = 6}, 3);
  test::expect_error(ErrorCode::kInvalidArgument, "needs a chain with a mask state", [&] {
    planned(*q, {.steps = 3, .tokens = 8});
  });
}

TEST(PlanReveals, SplitsAStrideIntoCalls) {
  const auto strides = even_plan({.trained = 6, .wanted = 3});
  const auto plan = plan_reveals(strides, Numbers{3, 5}, 9, 2);
  // 3 in calls of at most 2 would leave one over, which is shown at once; 5 = 2 + 3.
  ASSERT_EQ(plan.size(), 4u);
  const auto expect = [&](std::size_t i, std::int64_t from, std::int64_t to, Reveal reveal) {
    EXPECT_EQ(plan[i].from, from) << i;
    EXPECT_EQ(plan[i].to, to) << i;
    EXPECT_EQ(plan[i].index, static_cast<std::int64_t>(i));
    EXPECT_EQ(plan[i].count, 4);
    ASSERT_TRUE(plan[i].reveal.has_value());
    EXPECT_EQ(plan[i].reveal->places, reveal.places) << i;
    EXPECT_EQ(plan[i].reveal->hidden, reveal.hidden) << i;
  };
  expect(0, 6, 4, {.places = 3, .hidden = 9});
  expect(1, 4, 4, {.places = 2, .hidden = 6});
  expect(2, 4, 2, {.places = 3, .hidden = 4});
  EXPECT_EQ(plan[3].from, 2);
  EXPECT_EQ(plan[3].to, 0);
  EXPECT_FALSE(plan[3].reveal.has_value()) << "the last stride is the chain's own";
}

// Calls counted with the published program: 199 at half speed, 926 at a tenth.
TEST(PlanReveals, TakesThePublishedNumberOfCalls) {
  const auto strides = even_plan({.trained = 100, .wanted = 100});
  const auto calls = [&](std::int64_t tokens_a_call) {
    return plan_reveals(strides, published_reveals(100, tokens_a_call), 1024, tokens_a_call).size();
  };
  EXPECT_EQ(calls(0), 100u);
  EXPECT_EQ(calls(5), 199u);
  EXPECT_EQ(calls(1), 926u);
}

TEST(PlanReveals, RefusesNumbersThatDoNotFit) {
  const auto strides = even_plan({.trained = 6, .wanted = 3});
  const auto refuses = [&](const Numbers& numbers, const char* what) {
    test::expect_error(
        ErrorCode::kInvalidArgument, what, [&] { plan_reveals(strides, numbers, 9, 0); });
  };
  refuses({3, 3, 3}, "each stride but the last: 2, got 3");
  refuses({5, 5}, "stride 1 cannot show 5 of the 4 places");
  refuses({-1, 5}, "cannot show -1");
}

}  // namespace
}  // namespace tessera::diffusion
