#include "vqvae/patch_discriminator.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>
#include <torch/optim.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"

namespace tessera::vqvae {
namespace {

PatchDiscriminator made(std::uint64_t seed = 1) {
  PatchDiscriminator net(PatchDiscriminatorOptions{.channels = 8, .layers = 2});
  net->initialise(seed);
  return net;
}

TEST(PatchDiscriminator, ScoresPatchesOfEachRowByItself) {
  PatchDiscriminator net = made();
  const at::Tensor x = test::normal(1, {3, 3, 16, 24}).to(at::kFloat);
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> all = net->forward(x);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].sizes(), (std::vector<std::int64_t>{3, 8, 8, 12}));
  EXPECT_EQ(all[2].sizes(), (std::vector<std::int64_t>{3, 1, 4, 6}));
  EXPECT_TRUE(
      at::allclose(net->forward(x.slice(0, 1, 2)).back(), all[2].slice(0, 1, 2), 1e-5, 1e-6));
  // A far pixel does not reach a patch, but for the mean of the normalisation's groups.
  EXPECT_TRUE(at::equal(made(1)->forward(x).back(), all[2])) << "the seed decides";
  EXPECT_FALSE(at::equal(made(2)->forward(x).back(), all[2]));
}

TEST(PatchDiscriminator, HingeOfKnownScores) {
  // true 2 and 0: max(0, -1), max(0, 1); made -3 and 0.5: 0 and 1.5.
  const at::Tensor loss = discriminator_loss(at::tensor({2.0F, 0.0F}), at::tensor({-3.0F, 0.5F}));
  EXPECT_NEAR(loss.item<double>(), 0.5 * (0.5 + 0.75), 1e-7);
}

TEST(PatchDiscriminator, FeatureDistanceIsTheMeanOverLayersWithoutTheScores) {
  const std::vector<at::Tensor> a{at::zeros({2, 3}), at::zeros({4}), at::zeros({1})};
  const std::vector<at::Tensor> b{at::full({2, 3}, 2.0F), at::full({4}, -4.0F), at::ones({1}) * 99};
  EXPECT_NEAR(feature_distance(a, b).item<double>(), (2.0 + 4.0) / 2, 1e-7);
  at::Tensor states = at::zeros({2, 3}).set_requires_grad(true);
  at::Tensor truth = at::ones({2, 3}).set_requires_grad(true);
  feature_distance({truth, at::ones({1})}, {states, at::ones({1})}).backward();
  EXPECT_FALSE(truth.grad().defined());
  EXPECT_TRUE(at::allclose(states.grad(), at::full({2, 3}, -1.0F / 6)));
  test::expect_error(ErrorCode::kShapeMismatch, "layers", [&] { feature_distance(a, {b[0]}); });
}

TEST(PatchDiscriminator, LearnsToTellBlurredPictures) {
  PatchDiscriminator net = made();
  const at::Tensor sharp = test::normal(5, {8, 3, 16, 16}).to(at::kFloat);
  const at::Tensor blurred = at::avg_pool2d(sharp, 3, 1, 1);
  torch::optim::Adam adam(net->parameters(), torch::optim::AdamOptions(2e-3));
  const auto loss = [&] {
    return discriminator_loss(net->forward(sharp).back(), net->forward(blurred).back());
  };
  for (int step = 0; step < 30; ++step) {
    adam.zero_grad();
    loss().backward();
    adam.step();
  }
  const at::NoGradGuard no_grad;
  EXPECT_LT(loss().item<double>(), 0.5);
  EXPECT_GT(
      (net->forward(sharp).back().mean() - net->forward(blurred).back().mean()).item<double>(),
      1.0);
}

}  // namespace
}  // namespace tessera::vqvae
