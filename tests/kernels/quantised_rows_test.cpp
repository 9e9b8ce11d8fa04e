#include "kernels/quantised_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;

constexpr std::int64_t kRows = 7;
constexpr std::int8_t kGuard = -99;

using Wide = std::vector<double>;

template <typename Number>
Wide wide(const std::vector<Number>& from) {
  Wide result;
  for (const Number x : from) result.push_back(static_cast<double>(number(x)));
  return result;
}

/// Rows of 8-bit integers with a guard behind them.
struct Out {
  explicit Out(std::int64_t width)
      : values(static_cast<std::size_t>(kRows * width) + 16, kGuard), scales(kRows + 1, -5.0f) {}
  Int8Rows rows() { return {values.data(), scales.data()}; }
  bool operator==(const Out&) const = default;

  std::vector<std::int8_t> values;
  std::vector<float> scales;
};

/// Half a step of each row's own scale, and what rounding of float32 adds.
void expect_quantised(const Out& got, const Wide& want, std::int64_t width) {
  for (std::int64_t row = 0; row < kRows; ++row) {
    double most = 0;
    for (std::int64_t i = 0; i < width; ++i) {
      most = std::max(most, std::abs(want[static_cast<std::size_t>(row * width + i)]));
    }
    const auto scale = static_cast<double>(got.scales[static_cast<std::size_t>(row)]);
    EXPECT_NEAR(scale, most / 127, 1e-6 * most);
    for (std::int64_t i = 0; i < width; ++i) {
      const auto at = static_cast<std::size_t>(row * width + i);
      EXPECT_NEAR(got.values[at] * scale, want[at], 0.5 * scale + 1e-5 * most) << row << " " << i;
    }
  }
  for (std::size_t i = static_cast<std::size_t>(kRows * width); i < got.values.size(); ++i) {
    EXPECT_EQ(got.values[i], kGuard);
  }
  EXPECT_EQ(got.scales.back(), -5.0f);
}

template <typename Number>
struct Case {
  explicit Case(std::int64_t columns)
      : width(columns),
        values(numbers<Number>(kRows * columns, 1, 40)),
        scales(numbers<float>(kRows, 2, 1)),
        bias(numbers<float>(columns, 3, 1)),
        residual(numbers<float>(kRows * columns, 4, 2)),
        gain(numbers<float>(kRows * columns, 5, 1)),
        shift(numbers<float>(kRows * columns, 6, 1)) {
    scales[3] = 0;  // a row of zeros
    for (std::int64_t row = 0; row < kRows; ++row) {
      for (std::int64_t i = 0; i < width; ++i) {
        const auto at = static_cast<std::size_t>(row * width + i);
        product.push_back(static_cast<double>(number(values[at])) *
                              static_cast<double>(scales[static_cast<std::size_t>(row)]) +
                          static_cast<double>(bias[static_cast<std::size_t>(i)]));
      }
    }
  }

  ProductRows<Number> rows() const { return {values.data(), scales.data(), bias.data()}; }

  std::int64_t width;
  std::vector<Number> values;
  std::vector<float> scales, bias, residual, gain, shift;
  Wide product{};  // what `rows` means
};

/// Runs the pass on every target, in another order than memory's: the same bits, close to `want`.
template <typename Args, typename Pass>
void expect_pass(Args args, std::int64_t width, const Wide& want, Pass pass) {
  std::vector<Out> all;
  for (const Target target : test::targets()) {
    all.emplace_back(width);
    args.out = all.back().rows();
    for (std::int64_t row = kRows; row-- > 0;) pass(args, row, row + 1, target);
    EXPECT_TRUE(all.back() == all.front());
  }
  expect_quantised(all.front(), want, width);
}

template <typename Number>
void check_norm(const Case<Number>& c, bool branch, bool shared) {
  const std::int64_t group_rows = 3;  // the last group is not full
  std::vector<float> sum(c.residual.size());
  Wide want, want_sum;
  for (std::int64_t row = 0; row < kRows; ++row) {
    Wide s;
    for (std::int64_t i = 0; i < c.width; ++i) {
      const auto at = static_cast<std::size_t>(row * c.width + i);
      s.push_back(static_cast<double>(c.residual[at]) + (branch ? c.product[at] : 0.0));
    }
    double mean = 0, square = 0;
    for (const double x : s) mean += x / static_cast<double>(c.width);
    for (const double x : s) square += (x - mean) * (x - mean) / static_cast<double>(c.width);
    for (std::int64_t i = 0; i < c.width; ++i) {
      const auto at = static_cast<std::size_t>((shared ? 0 : row / group_rows * c.width) + i);
      const double n = (s[static_cast<std::size_t>(i)] - mean) / std::sqrt(square + 1e-5);
      want.push_back(n * static_cast<double>(c.gain[at]) + static_cast<double>(c.shift[at]));
      want_sum.push_back(s[static_cast<std::size_t>(i)]);
    }
  }
  const NormToInt8<Number> args{.width = c.width,
                                .rows_in_group = group_rows,
                                .gain_stride = shared ? 0 : c.width,
                                .residual = c.residual.data(),
                                .branch = branch ? c.rows() : ProductRows<Number>{},
                                .gain = c.gain.data(),
                                .shift = c.shift.data(),
                                .sum = sum.data()};
  expect_pass(args, c.width, want, [](const auto& a, auto first, auto last, Target target) {
    norm_to_int8(a, first, last, target);
  });
  if (branch) {
    EXPECT_LT(test::worst(want_sum, sum), 1e-5);
  }
}

template <typename Number>
void check_all(double tolerance) {
  for (const std::int64_t width : {16, 48, 1024}) {
    const Case<Number> c(width);
    check_norm(c, true, false);
    check_norm(c, true, true);
    check_norm(c, false, true);

    Wide activated;
    for (const double x : c.product) activated.push_back(x / (1 + std::exp(-1.702 * x)));
    expect_pass(Gelu2ToInt8<Number>{.width = width, .in = c.rows()},
                width,
                activated,
                [](const auto& a, auto first, auto last, Target target) {
                  gelu2_to_int8(a, first, last, target);
                });
    std::vector<Number> first;
    for (const Target target : test::targets()) {
      std::vector<Number> scaled = c.values;  // in place
      const ScaleRows<Number> args{
          .width = width,
          .in = {.values = scaled.data(), .scales = c.scales.data(), .bias = c.bias.data()},
          .out = scaled.data()};
      for (std::int64_t row = kRows; row-- > 0;) scale_rows(args, row, row + 1, target);
      EXPECT_LT(test::worst(c.product, scaled), tolerance);
      if (first.empty()) first = scaled;
      EXPECT_EQ(first, scaled);
    }
  }
}

TEST(QuantisedRows, OfFloat32EqualTheDefinition) {
  check_all<float>(1e-5);
}

TEST(QuantisedRows, OfBfloat16EqualTheDefinition) {
  check_all<Bfloat16>(1.0 / 256);
}

TEST(QuantisedRows, RowsOfZerosStayZeros) {
  const std::vector<float> zeros(kRows * 16);
  const ProductRows<float> in{zeros.data(), zeros.data(), zeros.data()};
  expect_pass(Gelu2ToInt8<float>{.width = 16, .in = in},
              16,
              wide(zeros),
              [](const auto& a, auto first, auto last, Target target) {
                gelu2_to_int8(a, first, last, target);
              });
}

}  // namespace
}  // namespace tessera::kernels
