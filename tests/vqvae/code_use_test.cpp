#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vqvae/vqvae.h"

namespace tessera::vqvae {
namespace {

TEST(CodeUse, UniformUseHasPerplexityK) {
  const CodeUse use = code_use(at::full({37}, 4, at::kLong));
  EXPECT_EQ(use.used, 37);
  EXPECT_NEAR(use.perplexity, 37, 1e-9);
}

TEST(CodeUse, OneCodeHasPerplexityOne) {
  const CodeUse use = code_use(at::tensor({0.F, 9.F, 0.F}));
  EXPECT_EQ(use.used, 1);
  EXPECT_NEAR(use.perplexity, 1, 1e-12);
}

TEST(CodeUse, MixedUseIsTheExponentOfItsEntropy) {
  // 1/2, 1/4, 1/4: 1.5 bits.
  const CodeUse use = code_use(at::tensor({2, 1, 1, 0}, at::kLong));
  EXPECT_EQ(use.used, 3);
  EXPECT_NEAR(use.perplexity, std::exp2(1.5), 1e-12);
}

TEST(CodeUse, NothingCountedIsZero) {
  EXPECT_EQ(code_use(at::zeros({5})).used, 0);
  EXPECT_EQ(code_use(at::zeros({5})).perplexity, 0);
}

TEST(CodeUse, CountsEveryCode) {
  const at::Tensor indices = at::tensor({3, 0, 3, 1, 3, 0}, at::kLong).view({1, 2, 3});
  EXPECT_TRUE(count_codes(indices, 5).equal(at::tensor({2, 1, 0, 3, 0}, at::kLong)));
}

}  // namespace
}  // namespace tessera::vqvae
