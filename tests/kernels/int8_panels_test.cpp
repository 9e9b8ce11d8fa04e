#include "kernels/int8_panels.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

constexpr std::int32_t kGuard = 0x5A5A5A5A;

/// Bytes of a stream, all values among them.
template <typename Byte>
std::vector<Byte> bytes(std::int64_t count, std::uint32_t stream) {
  std::vector<Byte> result;
  for (const float x : test::numbers<float>(count, stream, 128.0f)) {
    result.push_back(static_cast<Byte>(static_cast<int>(std::floor(x))));
  }
  return result;
}

void expect_exact(Int8Unit unit, std::int64_t depth, std::int64_t columns) {
  const std::int64_t row_stride = depth + 64;
  const std::int64_t out_stride = columns + 3;
  const auto rows = bytes<std::uint8_t>(kPanelRows * row_stride, 1);
  const auto matrix = bytes<std::int8_t>(depth * columns, 2);  // [depth, columns]
  std::vector<std::int8_t> panels(matrix.size());
  for (std::int64_t k = 0; k < depth; ++k) {
    for (std::int64_t n = 0; n < columns; ++n) {
      panels[static_cast<std::size_t>(place_in_panels(depth, k, n))] =
          matrix[static_cast<std::size_t>(k * columns + n)];
    }
  }
  std::vector<std::int32_t> out(static_cast<std::size_t>(kPanelRows * out_stride), kGuard);
  multiply_panels({.depth = depth,
                   .columns = columns,
                   .rows = rows.data(),
                   .row_stride = row_stride,
                   .panels = panels.data(),
                   .out = out.data(),
                   .out_stride = out_stride},
                  unit);
  for (std::int64_t r = 0; r < kPanelRows; ++r) {
    for (std::int64_t n = 0; n < out_stride; ++n) {
      std::int64_t sum = 0;
      for (std::int64_t k = 0; n < columns && k < depth; ++k) {
        sum += std::int64_t{rows[static_cast<std::size_t>(r * row_stride + k)]} *
               matrix[static_cast<std::size_t>(k * columns + n)];
      }
      const std::int64_t want = n < columns ? sum : kGuard;
      ASSERT_EQ(out[static_cast<std::size_t>(r * out_stride + n)], want) << r << " " << n;
    }
  }
}

class EveryUnit : public testing::TestWithParam<Int8Unit> {};

TEST_P(EveryUnit, MultipliesExactly) {
  for (const std::int64_t depth : {64, 128, 1024}) {
    for (const std::int64_t columns : {16, 32, 48, 80}) expect_exact(GetParam(), depth, columns);
  }
}

std::string unit_name(const testing::TestParamInfo<Int8Unit>& info) {
  constexpr std::array kNames{"Plain", "AvxVnni", "Avx512Vnni", "Amx"};
  return kNames[static_cast<std::size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Int8Panels, EveryUnit, testing::ValuesIn(test::int8_units()), unit_name);

TEST(Int8Panels, NumbersOfSixteenColumnsLieTogether) {
  constexpr std::int64_t kDepth = 128;
  EXPECT_EQ(place_in_panels(kDepth, 0, 0), 0);
  EXPECT_EQ(place_in_panels(kDepth, 3, 0), 3);      // four rows of a column
  EXPECT_EQ(place_in_panels(kDepth, 0, 1), 4);      // then the next column
  EXPECT_EQ(place_in_panels(kDepth, 4, 0), 64);     // then the next four rows
  EXPECT_EQ(place_in_panels(kDepth, 0, 16), 2048);  // then the next panel
}

}  // namespace
}  // namespace tessera::kernels
