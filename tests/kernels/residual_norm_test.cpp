#include "kernels/residual_norm.h"

#include <gtest/gtest.h>

#include "tests/kernels/row_numbers.h"

namespace tessera::kernels {
namespace {

using test::number;
using test::numbers;
using test::worst;

struct Case {
  std::int64_t groups, rows, width;
  bool branch, shared_gain, grad_sum;
};

std::vector<Case> cases() {
  return {{3, 5, 16, true, false, true},
          {2, 3, 48, true, true, true},
          {4, 1, 160, false, false, false},
          {1, 7, 192, true, true, false},
          {0, 5, 16, true, false, true}};
}

/// Inputs of a case and everything that comes out, all in one precision.
template <typename Number>
struct Buffers {
  explicit Buffers(const Case& c)
      : all(c.groups * c.rows * c.width),
        gains((c.shared_gain ? 1 : c.groups) * c.width),
        residual(numbers<float>(all, 1, 3)),
        branch(numbers<Number>(all, 2, 2)),
        gain(numbers<float>(gains, 3, 2)),
        shift(numbers<float>(gains, 4, 1)),
        grad_output(numbers<Number>(all, 5, 1)),
        grad_sum(numbers<float>(all, 6, 1)) {
    const auto size = static_cast<std::size_t>(all);
    for (auto* v : {&sum, &grad_residual}) v->resize(size);
    for (auto* v : {&output, &grad_branch}) v->resize(size);
    for (auto* v : {&mean, &inverse}) v->resize(static_cast<std::size_t>(c.groups * c.rows));
    for (auto* v : {&grad_gain, &grad_shift})
      v->resize(static_cast<std::size_t>(c.groups * c.width));
    if (!c.branch) sum = residual;
  }

  void run(const Case& c, Target target) {
    const std::int64_t stride = c.shared_gain ? 0 : c.width;
    const ResidualNorm<Number> forward{.width = c.width,
                                       .rows_in_group = c.rows,
                                       .gain_stride = stride,
                                       .residual = residual.data(),
                                       .branch = c.branch ? branch.data() : nullptr,
                                       .gain = gain.data(),
                                       .shift = shift.data(),
                                       .sum = c.branch ? sum.data() : nullptr,
                                       .output = output.data(),
                                       .mean = mean.data(),
                                       .inverse = inverse.data()};
    const ResidualNormGradient<Number> backward{
        .width = c.width,
        .rows_in_group = c.rows,
        .gain_stride = stride,
        .sum = sum.data(),
        .mean = mean.data(),
        .inverse = inverse.data(),
        .gain = gain.data(),
        .grad_output = grad_output.data(),
        .grad_sum = c.grad_sum ? grad_sum.data() : nullptr,
        .grad_residual = grad_residual.data(),
        .grad_branch = c.branch ? grad_branch.data() : nullptr,
        .grad_gain = grad_gain.data(),
        .grad_shift = grad_shift.data()};
    for (std::int64_t group = 0; group < c.groups; ++group) {  // as threads would split it
      residual_norm(forward, group, group + 1, target);
      residual_norm_gradient(backward, group, group + 1, target);
    }
  }

  std::int64_t all, gains;
  std::vector<float> residual;
  std::vector<Number> branch;
  std::vector<float> gain, shift;
  std::vector<Number> grad_output;
  std::vector<float> grad_sum;
  std::vector<float> sum, grad_residual;
  std::vector<Number> output, grad_branch;
  std::vector<float> mean, inverse, grad_gain, grad_shift;
};

/// The definition and its derivative (by the quotient rule on mean and variance), in float64 loops.
struct Expected {
  std::vector<double> sum, output, grad_residual, grad_gain, grad_shift;
};

template <typename Number>
Expected expected(const Case& c, const Buffers<Number>& b) {
  Expected e;
  e.grad_gain.resize(static_cast<std::size_t>(c.groups * c.width));
  e.grad_shift.resize(e.grad_gain.size());
  const double width = static_cast<double>(c.width);
  for (std::int64_t row = 0; row < c.groups * c.rows; ++row) {
    const std::int64_t group = row / c.rows;
    const auto at = [&](std::int64_t i) { return static_cast<std::size_t>(row * c.width + i); };
    const auto in_group = [&](std::int64_t i) {
      return static_cast<std::size_t>(group * c.width + i);
    };
    const auto weight = [&](const std::vector<float>& v, std::int64_t i) {
      return static_cast<double>(
          v[static_cast<std::size_t>((c.shared_gain ? 0 : group) * c.width + i)]);
    };
    std::vector<double> x;
    double mean = 0;
    for (std::int64_t i = 0; i < c.width; ++i) {
      x.push_back(static_cast<double>(b.residual[at(i)]) +
                  (c.branch ? static_cast<double>(number(b.branch[at(i)])) : 0.0));
      mean += x.back() / width;
    }
    double variance = 0;
    for (const double value : x) variance += (value - mean) * (value - mean) / width;
    const double deviation = std::sqrt(variance + 1e-5);
    double g_sum = 0;
    double g_along = 0;
    for (std::int64_t i = 0; i < c.width; ++i) {
      const double n = (x[static_cast<std::size_t>(i)] - mean) / deviation;
      const double grad = static_cast<double>(number(b.grad_output[at(i)]));
      e.sum.push_back(x[static_cast<std::size_t>(i)]);
      e.output.push_back(n * weight(b.gain, i) + weight(b.shift, i));
      e.grad_gain[in_group(i)] += grad * n;
      e.grad_shift[in_group(i)] += grad;
      g_sum += grad * weight(b.gain, i) / width;
      g_along += grad * weight(b.gain, i) * n / width;
    }
    for (std::int64_t i = 0; i < c.width; ++i) {
      const double n = (x[static_cast<std::size_t>(i)] - mean) / deviation;
      const double g = static_cast<double>(number(b.grad_output[at(i)])) * weight(b.gain, i);
      e.grad_residual.push_back((g - g_sum - n * g_along) / deviation +
                                (c.grad_sum ? static_cast<double>(b.grad_sum[at(i)]) : 0.0));
    }
  }
  return e;
}

template <typename Number>
void check(double tolerance) {
  for (const Case& c : cases()) {
    Buffers<Number> first(c);
    const Expected e = expected(c, first);
    for (const Target target : test::targets()) {
      Buffers<Number> b(c);
      b.run(c, target);
      EXPECT_LT(worst(e.sum, b.sum), 1e-6);
      EXPECT_LT(worst(e.output, b.output), tolerance);
      EXPECT_LT(worst(e.grad_residual, b.grad_residual), 1e-5);
      if (c.branch) {
        EXPECT_LT(worst(e.grad_residual, b.grad_branch), tolerance);
      }
      EXPECT_LT(worst(e.grad_gain, b.grad_gain), 1e-5);
      EXPECT_LT(worst(e.grad_shift, b.grad_shift), 1e-5);
      if (target == Target::kAny) first = b;
      EXPECT_EQ(first.sum, b.sum);  // every target gives the same bits
      EXPECT_EQ(first.output, b.output);
      EXPECT_EQ(first.grad_residual, b.grad_residual);
      EXPECT_EQ(first.grad_branch, b.grad_branch);
      EXPECT_EQ(first.grad_gain, b.grad_gain);
      EXPECT_EQ(first.grad_shift, b.grad_shift);
    }
  }
}

TEST(ResidualNorm, Float32EqualsTheDefinition) {
  check<float>(1e-5);
}

TEST(ResidualNorm, Bfloat16EqualsTheDefinitionToItsPrecision) {
  check<Bfloat16>(1.0 / 256);
}

TEST(ResidualNorm, Bfloat16IsRoundedToTheNearestEven) {
  const auto rounded = [](float value, Target target) {
    // a gain of zero leaves the shift alone
    std::vector<float> x(16), gain(16), shift(16), mean(1), inverse(1);
    std::vector<Bfloat16> out(16);
    for (std::size_t i = 0; i < 16; ++i) shift[i] = value;
    const ResidualNorm<Bfloat16> args{.width = 16,
                                      .rows_in_group = 1,
                                      .residual = x.data(),
                                      .gain = gain.data(),
                                      .shift = shift.data(),
                                      .output = out.data(),
                                      .mean = mean.data(),
                                      .inverse = inverse.data()};
    residual_norm(args, 0, 1, target);
    return static_cast<int>(out[7]);
  };
  for (const Target target : test::targets()) {
    EXPECT_EQ(rounded(1.0f, target), 0x3F80);
    EXPECT_EQ(rounded(1.0f + 1.0f / 256, target), 0x3F80);  // a tie goes to the even one
    EXPECT_EQ(rounded(1.0f + 3.0f / 256, target), 0x3F82);
    EXPECT_EQ(rounded(1.0f + 1.0f / 256 + 1.0f / 65536, target), 0x3F81);
    EXPECT_EQ(rounded(HUGE_VALF, target), 0x7F80);
    EXPECT_TRUE(std::isnan(test::number(static_cast<Bfloat16>(rounded(std::nanf(""), target)))));
  }
}

}  // namespace
}  // namespace tessera::kernels
