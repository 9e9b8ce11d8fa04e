#include "train/parameters.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"

namespace tessera::train {
namespace {

TEST(ClipGradients, ScalesTheCommonNormAndReportsTheOneBefore) {
  const std::vector<at::Tensor> gradients = {at::tensor({3.0, 0.0}),
                                             at::tensor({4.0, 12.0}).view({2, 1})};
  const at::Tensor norm = clip_gradients(gradients, 6.5);
  EXPECT_NEAR(norm.item<double>(), 13.0, 1e-5);
  EXPECT_NEAR(gradients[0][0].item<double>(), 1.5, 1e-5);
  EXPECT_NEAR(gradients[1][1][0].item<double>(), 6.0, 1e-5);
}

TEST(ClipGradients, LeavesSmallOnesAndEverythingWhenOff) {
  const std::vector<at::Tensor> gradients = {at::tensor({3.0, 4.0})};
  clip_gradients(gradients, 5.1);
  clip_gradients(gradients, 0);
  EXPECT_TRUE(gradients[0].equal(at::tensor({3.0, 4.0})));
}

TEST(TakeGradients, ZerosForUnusedParametersAndNothingLeftBehind) {
  torch::nn::Linear layer(2, 1);
  const at::Tensor unused = at::ones({3}).requires_grad_();
  const Parameters parameters = {{"w", layer->weight}, {"b", layer->bias}, {"unused", unused}};
  (layer->weight.sum() * 2 + layer->bias.sum()).backward();
  const auto gradients = take_gradients(parameters);
  EXPECT_TRUE(gradients[0].equal(at::full({1, 2}, 2.0)));
  EXPECT_TRUE(gradients[1].equal(at::ones({1})));
  EXPECT_TRUE(gradients[2].equal(at::zeros({3})));
  EXPECT_FALSE(layer->weight.grad().defined());
}

TEST(Restore, NamesWhatIsMissingOrDoesNotFit) {
  const TensorMap live = {{"w", at::zeros({2, 3})}};
  test::expect_error(ErrorCode::kShapeMismatch, "file: has no tensor w", [&] {
    restore(live, {{"v", at::ones({2, 3})}}, "file");
  });
  test::expect_error(
      ErrorCode::kShapeMismatch, "w is [3, 2], the configured model needs [2, 3]", [&] {
        restore(live, {{"w", at::ones({3, 2})}}, "file");
      });
  restore(live, {{"w", at::ones({2, 3})}, {"more", at::ones({1})}}, "file");
  EXPECT_TRUE(live.at("w").equal(at::ones({2, 3})));
}

}  // namespace
}  // namespace tessera::train
