#include "eval/inception/block_output.h"

#include <cstdint>
#include <tuple>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::eval {
namespace {

at::Tensor states(at::ScalarType type, std::int64_t channels, std::int64_t side) {
  at::Tensor numbers = at::arange(2 * channels * side * side, at::kFloat).mul_(0.7f).sin_();
  return numbers.view({2, channels, side, side})
      .to(type)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

/// 40 channels have no kernel and take torch's own way.
class BlockOutputs : public testing::TestWithParam<std::tuple<at::ScalarType, std::int64_t>> {
 protected:
  at::ScalarType type() const { return std::get<0>(GetParam()); }
  std::int64_t channels() const { return std::get<1>(GetParam()); }
};

TEST_P(BlockOutputs, BranchesLieSideBySide) {
  const at::Tensor x = states(type(), channels(), 9);
  BlockOutput out(x, 3 * channels(), 9);
  out.add(x);
  out.add_maximum(x, 1, 1);
  out.add_rectified_mean(x);
  const at::Tensor maximum = at::max_pool2d(x, {3, 3}, {1, 1}, {1, 1});
  const at::Tensor mean =
      at::avg_pool2d(x.to(at::kFloat), {3, 3}, {1, 1}, {1, 1}, false, false).relu_().to(type());
  EXPECT_TRUE(at::equal(out.all().narrow(1, 0, channels()), x));
  EXPECT_TRUE(at::equal(out.all().narrow(1, channels(), channels()), maximum));
  EXPECT_TRUE(at::allclose(out.all().narrow(1, 2 * channels(), channels()),
                           mean,
                           /*rtol=*/type() == at::kFloat ? 1e-6 : 8e-3,
                           /*atol=*/1e-6));
}

TEST_P(BlockOutputs, TheHalvedMaximumIsTorchs) {
  for (const std::int64_t side : {7, 8, 9}) {
    const at::Tensor x = states(type(), channels(), side);
    EXPECT_TRUE(at::equal(halved_maximum(x), at::max_pool2d(x, {3, 3}, {2, 2})));
  }
}

INSTANTIATE_TEST_SUITE_P(Types,
                         BlockOutputs,
                         testing::Combine(testing::Values(at::kFloat, at::kBFloat16),
                                          testing::Values(16, 48, 40)));

}  // namespace
}  // namespace tessera::eval
