#include "eval/statistics/draw_rows.h"

#include <numeric>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "core/philox.h"

namespace tessera::eval {

at::Tensor draw_rows(const RowDraw& draw, std::int64_t rows, std::int64_t count) {
  const RngKey key{
      .seed = draw.seed, .image = draw.number, .purpose = Purpose::kResample, .step = draw.use};
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::int64_t i = 0; i < count; ++i) {
    const Word4 random = philox(key, static_cast<std::uint32_t>(i));
    const std::uint64_t left = static_cast<std::uint64_t>(rows - i);
    // 32 bits times `left`, and 32 more below them: the bias is under 2^-32 of a chance.
    const std::uint64_t low = (random.w[1] * left) >> 32;
    const std::uint64_t pick = (random.w[0] * left + low) >> 32;
    std::swap(order[static_cast<std::size_t>(i)],
              order[static_cast<std::size_t>(i) + static_cast<std::size_t>(pick)]);
  }
  order.resize(static_cast<std::size_t>(count));
  return at::tensor(order, at::kLong);
}

}  // namespace tessera::eval
