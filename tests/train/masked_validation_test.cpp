#include "train/masked_validation.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::train {
namespace {

at::Tensor codes(std::int64_t rows, std::int64_t tokens) {
  return at::arange(rows * tokens, at::kLong).remainder(7).view({rows, tokens});
}

TEST(MaskShare, HidesTheSameNumberInEveryRowAndKeepsTheRest) {
  const auto chain = diffusion::make_transition({.steps = 100}, 7);
  const at::Tensor x0 = codes(3, 20);
  for (const double share : {0.2, 0.6, 1.0}) {
    const MaskedCanvas canvas = mask_share(*chain, x0, share, nn::Rng::of_run(1, 0, 3));
    const at::Tensor hidden = masked_tokens(*chain, canvas.x_t);
    EXPECT_TRUE(hidden.sum(1).eq(std::lround(share * 20)).all().item<bool>()) << share;
    EXPECT_TRUE(canvas.x_t.where(~hidden, x0).equal(x0));
    EXPECT_NEAR(static_cast<double>(canvas.t), 100 * share, 1.0);
  }
}

TEST(MaskShare, TheTimeFollowsTheSchedule) {
  const auto chain =
      diffusion::make_transition({.kind = "absorbing", .schedule = "cosine-mask", .steps = 50}, 7);
  const MaskedCanvas canvas = mask_share(*chain, codes(1, 10), 0.5, nn::Rng::of_run(1, 0, 1));
  const at::Tensor t = at::full({1}, canvas.t, at::kLong);
  const double masked =
      chain->log_q(at::zeros({1, 1}, at::kLong), at::zeros({1}, at::kLong), t)[0][0][7]
          .exp()
          .item<double>();
  EXPECT_NEAR(masked, 0.5, 0.03);
}

TEST(MaskShare, AChainWithoutMasksIsDrawnFrom) {
  const auto chain =
      diffusion::make_transition({.kind = "uniform", .schedule = "uniform-only", .steps = 10}, 7);
  const MaskedCanvas canvas = mask_share(*chain, codes(2, 8), 0.4, nn::Rng::of_run(1, 0, 2));
  EXPECT_EQ(canvas.t, 4);
  EXPECT_TRUE(masked_tokens(*chain, canvas.x_t).all().item<bool>());
}

TEST(TokenCrossEntropy, IsMinusTheLogProbability) {
  const at::Tensor logits = at::tensor({1.0, 2.0, 0.5}).view({1, 1, 3});
  const double sum = std::exp(1.0) + std::exp(2.0) + std::exp(0.5);
  const at::Tensor got = token_cross_entropy(logits, at::full({1, 1}, 2, at::kLong));
  EXPECT_NEAR(got.item<double>(), -std::log(std::exp(0.5) / sum), 1e-6);
}

}  // namespace
}  // namespace tessera::train
