#include "data/order.h"

#include <bit>

#include "core/error.h"
#include "core/philox.h"

namespace tessera::data {
namespace {

constexpr std::uint32_t kRounds = 8;

}  // namespace

void OrderOptions::validate() const {
  TESSERA_CHECK(samples >= 1 && samples <= (std::int64_t{1} << 62),
                kInvalidArgument,
                "samples must be in 1 … 2^62, got ",
                samples);
  TESSERA_CHECK(batch >= 1, kInvalidArgument, "batch must be at least 1, got ", batch);
}

std::int64_t shuffled(const OrderOptions& order, std::int64_t epoch, std::int64_t position) {
  order.validate();
  TESSERA_CHECK(position >= 0 && position < order.samples,
                kInvalidArgument,
                "position must be in [0, ",
                order.samples,
                "), got ",
                position);
  // A Feistel network permutes the smallest square power of two that holds all samples; values
  // outside [0, samples) are sent through again until one lands inside ("cycle walking"), which
  // keeps it a permutation. At least one value in four lands inside, so a few turns are enough.
  const auto n = static_cast<std::uint64_t>(order.samples);
  const auto half = (static_cast<int>(std::bit_width(n - 1)) + 1) / 2;
  const std::uint64_t low = (std::uint64_t{1} << half) - 1;
  auto value = static_cast<std::uint64_t>(position);
  do {
    std::uint64_t left = value >> half;
    std::uint64_t right = value & low;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      const RngKey key{.seed = order.seed,
                       .image = static_cast<std::uint32_t>(epoch),
                       .purpose = Purpose::kOrder,
                       .step = round};
      const std::uint64_t mixed =
          left ^ (philox(key, static_cast<std::uint32_t>(right)).w[0] & low);
      left = right;
      right = mixed;
    }
    value = left << half | right;
  } while (value >= n);
  return static_cast<std::int64_t>(value);
}

std::vector<std::int64_t> indices_of_step(const OrderOptions& order, std::int64_t step) {
  order.validate();
  TESSERA_CHECK(step >= 1, kInvalidArgument, "steps count from 1, got ", step);
  std::vector<std::int64_t> indices(static_cast<std::size_t>(order.batch));
  std::int64_t first = 0;
  TESSERA_CHECK(!__builtin_mul_overflow(step - 1, order.batch, &first),
                kInvalidArgument,
                "step ",
                step,
                " of batch ",
                order.batch,
                " is too far");
  for (std::int64_t row = 0; row < order.batch; ++row) {
    const std::int64_t place = first + row;
    indices[static_cast<std::size_t>(row)] =
        shuffled(order, place / order.samples, place % order.samples);
  }
  return indices;
}

}  // namespace tessera::data
