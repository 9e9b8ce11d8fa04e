#include "nn/packed_product.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/gelu2.h"
#include "nn/rng.h"

namespace tessera::nn {
namespace {

at::Tensor numbers(at::IntArrayRef shape, std::int64_t stream) {
  return Rng::of_run(3, 0, 1).normal(Purpose::kExperiment, stream, shape).squeeze(0);
}

struct Size {
  std::int64_t rows, inputs, outputs;
};

std::vector<Size> sizes() {
  return {{64, 32, 48}, {1, 16, 16}, {33, 96, 17}, {512, 256, 768}, {7, 1024, 64}};
}

TEST(PackedProduct, OfBfloat16EqualsThatOfItsRoundedFactors) {
  if (!takes_bfloat16()) GTEST_SKIP() << "this processor has no AVX-512";
  for (const Size& s : sizes()) {
    const at::Tensor x = numbers({s.rows, s.inputs}, 0).to(at::kBFloat16);
    const at::Tensor weight = numbers({s.outputs, s.inputs}, 1);
    const at::Tensor bias = numbers({s.outputs}, 2).to(at::kBFloat16);
    const at::Tensor want = at::linear(
        x.to(at::kDouble), weight.to(at::kBFloat16).to(at::kDouble), bias.to(at::kDouble));
    const at::Tensor found = Bfloat16Product(weight, bias, 512)(x).to(at::kDouble);
    EXPECT_TRUE(at::allclose(found, want, 1.0 / 128, 1e-2)) << s.rows << " rows";
  }
}

TEST(PackedProduct, OfInt8IsExactBeforeItsScales) {
  for (const Size& s : sizes()) {
    const at::Tensor x = (numbers({s.rows, s.inputs}, 0) * 60).round().clamp(-127, 127);
    // Rows whose largest number is 127 keep their integers under quantisation.
    at::Tensor weight = (numbers({s.outputs, s.inputs}, 1) * 40).round().clamp(-126, 126);
    weight.select(1, 0).fill_(127);
    const at::Tensor scales = at::arange(1, s.outputs + 1, at::kFloat).unsqueeze(1) / 1024;
    const at::Tensor bias = numbers({s.outputs}, 2);
    const at::Tensor want = at::linear(x.to(at::kDouble), (weight * scales).to(at::kDouble));
    const Int8Product product(weight * scales, bias, 512);
    const at::Tensor found = product(x.to(at::kChar), at::kFloat);
    EXPECT_EQ(found.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::allclose(found.to(at::kDouble), want, 1e-5, 1e-3)) << s.rows << " rows";
    if (takes_bfloat16()) {
      EXPECT_TRUE(at::allclose(
          product(x.to(at::kChar), at::kBFloat16).to(at::kDouble), want, 1.0 / 128, 1e-2));
    }
    EXPECT_TRUE(at::equal(product.bias(), bias));
  }
}

TEST(PackedProduct, OfInt8TakesRowsOfZeros) {
  const Int8Product product(at::zeros({16, 32}), at::zeros({16}), 4);
  EXPECT_TRUE(at::equal(product(at::ones({4, 32}, at::kChar), at::kFloat), at::zeros({4, 16})));
}

TEST(Gelu2InPlace, EqualsTheComposedExpression) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor x = numbers({3, 40001}, 4).to(type);
    const at::Tensor wide = x.to(at::kDouble);
    const at::Tensor want = wide * at::sigmoid(wide * 1.702);
    ASSERT_TRUE(fits_gelu2_in_place(x));
    gelu2_in_place(x);
    const double tolerance = type == at::kFloat ? 1e-6 : 1.0 / 128;
    EXPECT_TRUE(at::allclose(x.to(at::kDouble), want, tolerance, tolerance));
  }
  EXPECT_FALSE(fits_gelu2_in_place(at::zeros({2, 2}, at::kDouble)));
  EXPECT_FALSE(fits_gelu2_in_place(at::zeros({2, 3}).t()));
  EXPECT_FALSE(fits_gelu2_in_place(at::zeros({2, 2}).requires_grad_()));
}

}  // namespace
}  // namespace tessera::nn
