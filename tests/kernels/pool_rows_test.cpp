#include "kernels/pool_rows.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;

struct Case {
  std::int64_t pictures, side, channels, stride, padding, more;  // channels beside the pool's own
};

std::int64_t out_side(const Case& c) {
  return (c.side + 2 * c.padding - 3) / c.stride + 1;
}

/// The pools by their definition, in float64; channels that are not theirs stay `kept`.
template <typename Number>
std::vector<double> expected(const Case& c,
                             const std::vector<Number>& in,
                             const std::vector<Number>& kept,
                             bool mean) {
  std::vector<double> out;
  for (const Number& value : kept) out.push_back(static_cast<double>(number(value)));
  const std::int64_t to = out_side(c);
  for (std::int64_t cell = 0; cell < c.pictures * to * to; ++cell) {
    const std::int64_t picture = cell / (to * to);
    for (std::int64_t channel = 0; channel < c.channels; ++channel) {
      double largest = -HUGE_VAL;
      double sum = 0;
      int seen = 0;
      for (std::int64_t tap = 0; tap < 9; ++tap) {
        const std::int64_t y = cell / to % to * c.stride - c.padding + tap / 3;
        const std::int64_t x = cell % to * c.stride - c.padding + tap % 3;
        if (y < 0 || x < 0 || y >= c.side || x >= c.side) continue;
        const auto at =
            static_cast<std::size_t>(((picture * c.side + y) * c.side + x) * c.channels + channel);
        const double value = static_cast<double>(number(in[at]));
        largest = std::max(largest, value);
        sum += value;
        ++seen;
      }
      out[static_cast<std::size_t>(cell * (c.channels + c.more) + channel)] =
          mean ? std::max(0.0, sum / seen) : largest;
    }
  }
  return out;
}

template <typename Number>
void check(double tolerance) {
  for (const Case& c : std::vector<Case>{
           {2, 7, 16, 2, 0, 0}, {1, 5, 48, 1, 1, 16}, {3, 3, 32, 1, 1, 5}, {0, 5, 16, 1, 1, 0}}) {
    const std::int64_t to = out_side(c);
    const auto in = numbers<Number>(c.pictures * c.side * c.side * c.channels, 1, 2);
    const auto kept = numbers<Number>(c.pictures * to * to * (c.channels + c.more), 2, 2);
    for (const bool mean : {false, true}) {
      if (mean && c.stride != 1) continue;
      std::vector<Number> first;
      for (const Target target : test::targets()) {
        std::vector<Number> out = kept;
        const PoolRows<Number> args{.side = c.side,
                                    .channels = c.channels,
                                    .stride = c.stride,
                                    .padding = c.padding,
                                    .out_side = to,
                                    .out_channels = c.channels + c.more,
                                    .in = in.data(),
                                    .out = out.data()};
        for (std::int64_t row = c.pictures * to; row-- > 0;) {  // as threads would split it
          mean ? rectified_mean_rows(args, row, row + 1, target)
               : maximum_rows(args, row, row + 1, target);
        }
        EXPECT_LE(test::worst(expected(c, in, kept, mean), out), mean ? tolerance : 0.0);
        if (target == Target::kAny) first = out;
        EXPECT_EQ(first, out) << "every target gives the same bits";
      }
    }
  }
}

TEST(PoolRows, Float32EqualsTheDefinition) {
  check<float>(1e-6);
}

TEST(PoolRows, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 128);
}

}  // namespace
}  // namespace tessera::kernels
