#include "kernels/residual_norm.h"

#include <gtest/gtest.h>

#include "tests/kernels/norm_rows.h"

namespace tessera::kernels {
namespace {

using test::NormCase;
using test::NormRows;
using test::worst;

std::vector<NormCase> cases() {
  return {{3, 5, 16, true, false, true},
          {2, 3, 48, true, true, true},
          {4, 1, 160, false, false, false},
          {1, 7, 192, true, true, false},
          {0, 5, 16, true, false, true}};
}

template <typename Number>
void run(NormRows<Number>& rows, const NormCase& c, Target target) {
  const auto here = [](auto& v) { return v.data(); };
  const auto forward = rows.forward(c, here);
  const auto backward = rows.backward(c, here);
  for (std::int64_t group = 0; group < c.groups; ++group) {  // as threads would split it
    residual_norm(forward, group, group + 1, target);
    residual_norm_gradient(backward, group, group + 1, target);
  }
}

template <typename Number>
void check(double tolerance) {
  for (const NormCase& c : cases()) {
    NormRows<Number> first(c);
    const test::NormExpected e = test::expected_norm(c, first);
    for (const Target target : test::targets()) {
      NormRows<Number> b(c);
      run(b, c, target);
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
