#include "train/prefetch.h"

#include <atomic>
#include <chrono>
#include <thread>

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

data::Batch numbered(std::int64_t step) {
  return {.indices = {step, 10 * step}};
}

TEST(Prefetcher, GivesEveryStepInOrderHoweverFarAhead) {
  for (const std::int64_t ahead : {0, 1, 3, 20}) {
    Prefetcher batches(numbered, {.first = 5, .last = 12, .ahead = ahead});
    for (std::int64_t step = 5; step <= 12; ++step) {
      EXPECT_EQ(batches.next().indices, (std::vector<std::int64_t>{step, 10 * step})) << ahead;
    }
  }
}

TEST(Prefetcher, StaysWithinItsRoomAndStopsUnasked) {
  std::atomic<int> made{0};
  {
    Prefetcher batches(
        [&](std::int64_t step) {
          ++made;
          return numbered(step);
        },
        {.first = 1, .last = 1000000, .ahead = 2});
    batches.next();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LE(made.load(), 4);  // one taken, two waiting, one in hand
}

TEST(Prefetcher, AFailureArrivesAtItsStep) {
  Prefetcher batches(
      [](std::int64_t step) {
        TESSERA_CHECK(step != 3, kCorruptFile, "sample of step 3 is damaged");
        return numbered(step);
      },
      {.first = 1, .last = 9, .ahead = 3});
  EXPECT_EQ(batches.next().indices.front(), 1);
  EXPECT_EQ(batches.next().indices.front(), 2);
  test::expect_error(ErrorCode::kCorruptFile, "step 3", [&] { batches.next(); });
}

}  // namespace
}  // namespace tessera::train
