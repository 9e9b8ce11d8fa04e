#include "diffusion/time_step.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

TEST(EvenPlan, WalksFromNoiseToDataInEvenStrides) {
  for (const std::int64_t trained : {1, 2, 7, 100}) {
    for (std::int64_t wanted = 1; wanted <= trained; ++wanted) {
      const auto plan = even_plan({.trained = trained, .wanted = wanted});
      ASSERT_EQ(plan.size(), static_cast<std::size_t>(wanted));
      EXPECT_EQ(plan.front().from, trained);
      EXPECT_EQ(plan.back().to, 0);
      for (std::size_t i = 0; i < plan.size(); ++i) {
        const std::int64_t stride = plan[i].from - plan[i].to;
        EXPECT_GE(stride, trained / wanted);
        EXPECT_LE(stride, (trained + wanted - 1) / wanted);
        EXPECT_EQ(plan[i].index, static_cast<std::int64_t>(i));
        EXPECT_EQ(plan[i].count, wanted);
        if (i > 0) {
          EXPECT_EQ(plan[i].from, plan[i - 1].to);
        }
      }
    }
  }
}

TEST(EvenPlan, RefusesOtherBudgets) {
  for (const std::int64_t wanted : {-1, 0, 101}) {
    test::expect_error(ErrorCode::kInvalidArgument, "1..100", [&] {
      even_plan({.trained = 100, .wanted = wanted});
    });
  }
}

}  // namespace
}  // namespace tessera::diffusion
