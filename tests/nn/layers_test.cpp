// The small bricks, against the numbers of the paper's reference (spec values in float64).

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/adaptive_norm.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"
#include "nn/time_embedding.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::nn {
namespace {

void expect_close(const at::Tensor& found, std::vector<double> wanted, double tolerance) {
  const at::Tensor expected = at::tensor(wanted, at::kDouble);
  EXPECT_LT((found.flatten().to(at::kDouble) - expected).abs().max().item<double>(), tolerance)
      << found;
}

TEST(FeedForward, ActivationIsGelu2) {
  FeedForward layer(1, 1);
  const at::NoGradGuard no_grad;
  for (auto& item : layer->named_parameters()) {
    item.value().fill_(item.key().ends_with("weight") ? 1.0 : 0.0);
  }
  expect_close(layer(at::tensor({-2.0f, -1.0f, 0.5f, 1.0f, 3.0f}).unsqueeze(1)),
               {-0.064341377, -0.15420423, 0.35038844, 0.84579577, 2.9819287},
               1e-6);
}

TEST(FeedForward, GradientsMatchFiniteDifferences) {
  FeedForward layer(4, 3);
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = test::normal_like(at::empty({5, 4}), 1);
  const at::Tensor weight = test::normal_like(at::empty({5, 4}), 2);
  test::expect_gradients_match(*layer, [&] { return (layer(x) * weight).sum(); });
}

TEST(AdaptiveNorm, EqualsTheReference) {
  const at::Tensor x = at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).view({1, 1, 4});
  const at::Tensor modulation =
      at::tensor({0.1f, 0.2f, 0.3f, 0.4f, 1.0f, 0.0f, -1.0f, 0.5f}).view({1, 8});
  expect_close(adaptive_layer_norm(x, at::zeros({1, 8})),
               {-1.3416354, -0.44721181, 0.44721181, 1.3416354},
               1e-6);
  expect_close(
      adaptive_layer_norm(x, modulation), {-0.47579896, -0.53665417, -0.41862465, 2.3782896}, 1e-6);
}

TEST(TimeEmbedding, EqualsTheReference) {
  const at::Tensor position = at::tensor({7.0 / 100.0 * 4000.0}, at::kDouble);
  expect_close(sinusoidal_embedding(position, 8),
               {-0.38780942,
                0.41694181,
                0.567315,
                0.027996341,
                -0.92173958,
                0.90893318,
                0.82350087,
                0.99960803},
               2e-6);
  test::expect_error(ErrorCode::kInvalidArgument, "7", [&] { sinusoidal_embedding(position, 7); });
}

TEST(Linear, IsTheLayersOwnForward) {
  torch::nn::Linear layer(6, 5);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = test::normal_like(at::empty({2, 3, 6}), 1).to(at::kFloat);
  EXPECT_TRUE(at::allclose(linear(layer, x), layer(x), 1e-5, 1e-6));
}

}  // namespace
}  // namespace tessera::nn
