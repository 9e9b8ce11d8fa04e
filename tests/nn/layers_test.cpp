// The small bricks, against the numbers of the paper's reference (spec values in float64).

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/convolution.h"
#include "nn/embedding.h"
#include "nn/feed_forward.h"
#include "nn/linear.h"
#include "nn/masked_softmax.h"
#include "nn/reserve.h"
#include "nn/residual_norm.h"
#include "nn/time_embedding.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::nn {
namespace {

using test::numbers;

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

TEST(FeedForward, AnswersManyRowsInPiecesLikeItTrains) {
  FeedForward layer(64, 4);
  for (at::Tensor& weight : layer->parameters()) weight.set_data(numbers(weight.sizes(), 5) * 0.3);
  layer->to(at::kFloat);
  for (const std::int64_t rows : {1, 33, 3 * 16384 / 2 + 7}) {  // 16 MiB of wide states and a half
    const at::Tensor x = numbers({1, rows, 64}, 6).to(at::kFloat);
    const at::Tensor trained = layer(x).detach();
    const at::NoGradGuard no_grad;
    const at::Tensor answered = layer(x);
    EXPECT_EQ(answered.sizes(), x.sizes());
    EXPECT_LT((answered - trained).abs().max().item<double>(), 1e-4) << rows;
  }
}

TEST(FeedForward, GradientsMatchFiniteDifferences) {
  FeedForward layer(4, 3);
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = test::normal_like(at::empty({5, 4}), 1);
  const at::Tensor weight = test::normal_like(at::empty({5, 4}), 2);
  test::expect_gradients_match(*layer, [&] { return (layer(x) * weight).sum(); });
}

TEST(ResidualNorm, EqualsTheReferenceOfAdaLn) {
  const at::Tensor x = at::tensor({1.0f, 2.0f, 3.0f, 4.0f}).view({1, 1, 4});
  const NormWeights plain{.gain = at::ones({1, 4}), .shift = at::zeros({1, 4})};
  const NormWeights weights{.gain = at::tensor({1.1f, 1.2f, 1.3f, 1.4f}).view({1, 4}),
                            .shift = at::tensor({1.0f, 0.0f, -1.0f, 0.5f}).view({1, 4})};
  expect_close(
      residual_norm(x, {}, plain).output, {-1.3416354, -0.44721181, 0.44721181, 1.3416354}, 1e-6);
  expect_close(residual_norm(x, {}, weights).output,
               {-0.47579896, -0.53665417, -0.41862465, 2.3782896},
               1e-6);
}

/// The one pass in float32 against the composed operators in float64, values and gradients.
TEST(ResidualNorm, OnePassEqualsItsParts) {
  for (const bool shared : {true, false}) {
    for (const bool has_branch : {true, false}) {
      std::vector<std::vector<at::Tensor>> results;
      for (const at::ScalarType type : {at::kDouble, at::kFloat}) {
        const auto leaf = [&](at::IntArrayRef shape, std::uint32_t stream) {
          return numbers(shape, stream).to(type).set_requires_grad(true);
        };
        const std::int64_t gains = shared ? 1 : 3;
        std::vector<at::Tensor> leaves{
            leaf({3, 5, 32}, 1), leaf({gains, 32}, 2), leaf({gains, 32}, 3)};
        if (has_branch) leaves.push_back(leaf({3, 5, 32}, 4));
        const ResidualNorm found =
            residual_norm(leaves[0], has_branch ? leaves[3] : at::Tensor(), {leaves[1], leaves[2]});
        ((found.output * numbers({3, 5, 32}, 5)).sum() + (found.sum * numbers({3, 5, 32}, 6)).sum())
            .backward();
        results.push_back({found.sum.detach(), found.output.detach()});
        for (const at::Tensor& x : leaves) results.back().push_back(x.grad());
      }
      for (std::size_t i = 0; i < results[0].size(); ++i) {
        EXPECT_TRUE(at::allclose(results[1][i].to(at::kDouble), results[0][i], 1e-5, 1e-5)) << i;
      }
    }
  }
}

/// The last norm of a network has a sum that nobody uses.
TEST(ResidualNorm, AnUnusedSumHasNoGradient) {
  at::Tensor x = numbers({1, 2, 16}, 1).to(at::kFloat).set_requires_grad(true);
  const at::Tensor branch = numbers({1, 2, 16}, 2).to(at::kFloat);
  const NormWeights weights{.gain = at::ones({1, 16}), .shift = at::zeros({1, 16})};
  residual_norm(x, branch, weights).output.square().sum().backward();
  // the norm fixes the sum of squares up to epsilon
  EXPECT_LT(x.grad().abs().max().item<double>(), 1e-4);
}

TEST(MaskedSoftmax, IsSoftmaxOfTheVisibleKeys) {
  const at::Tensor scores = numbers({2, 3, 4, 5}, 1).to(at::kFloat).set_requires_grad(true);
  at::Tensor mask = at::ones({2, 5}, at::kBool);
  mask[1].slice(0, 3).fill_(false);
  const at::Tensor weight = numbers({2, 3, 4, 5}, 2).to(at::kFloat);
  const at::Tensor found = masked_softmax(scores, mask, 0.5);
  (found * weight).sum().backward();
  const at::Tensor twin = scores.detach().to(at::kDouble).set_requires_grad(true);
  const at::Tensor expected =
      (twin * 0.5).masked_fill(mask.logical_not().view({2, 1, 1, 5}), -HUGE_VAL).softmax(-1);
  (expected * weight).sum().backward();
  EXPECT_TRUE(at::allclose(found.to(at::kDouble), expected, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(scores.grad().to(at::kDouble), twin.grad(), 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(masked_softmax(scores, {}, 0.5).sum(-1), at::ones({2, 3, 4})));
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

TEST(Linear, IsTorchsOwn) {
  Linear layer(6, 5);
  test::fill_parameters(*layer, 0.5);
  torch::nn::Linear other(6, 5);
  test::fill_parameters(*other, 0.5);
  for (const std::int64_t rows : {0, 1, 11, 40}) {
    const at::Tensor x = numbers({2, rows, 6}, 1).to(at::kFloat);
    EXPECT_TRUE(at::allclose(layer(x), other(x), 1e-5, 1e-6));
  }
}

TEST(Linear, TakesFloat32RowsToHalfWeights) {
  Linear layer(6, 5);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = numbers({4, 6}, 1).to(at::kFloat);
  const at::Tensor exact = layer(x);
  layer->to(at::kBFloat16);
  const at::Tensor half = layer(x);
  EXPECT_EQ(half.scalar_type(), at::kBFloat16);
  EXPECT_LT((half.to(at::kFloat) - exact).abs().max().item<double>(), 0.05);
}

TEST(Embedding, LooksRowsUp) {
  Embedding table(4, 3);
  test::fill_parameters(*table, 1.0);
  const at::Tensor found = table(at::tensor({3, 0}, at::kLong).view({1, 2}));
  EXPECT_TRUE(at::equal(found[0][0], table->weight[3]));
  EXPECT_TRUE(at::equal(found[0][1], table->weight[0]));
  EXPECT_ANY_THROW(table(at::tensor({4}, at::kLong)));
}

/// Every product and border written out.
at::Tensor plain_convolution(const at::Tensor& x,
                             const at::Tensor& weight,
                             const at::Tensor& bias) {
  const std::int64_t border = weight.size(2) / 2;
  at::Tensor y = bias.view({1, -1, 1, 1}).expand({x.size(0), -1, x.size(2), x.size(3)}).clone();
  for (std::int64_t dr = -border; dr <= border; ++dr) {
    for (std::int64_t dc = -border; dc <= border; ++dc) {
      const at::Tensor matrix = weight.select(3, dc + border).select(2, dr + border);
      for (std::int64_t r = 0; r < x.size(2); ++r) {
        for (std::int64_t c = 0; c < x.size(3); ++c) {
          if (r + dr < 0 || r + dr >= x.size(2) || c + dc < 0 || c + dc >= x.size(3)) continue;
          const at::Tensor seen = x.select(3, c + dc).select(2, r + dr);
          y.select(3, c).select(2, r).add_(seen.matmul(matrix.t()));
        }
      }
    }
  }
  return y;
}

TEST(Convolution, EqualsThePlainSum) {
  const at::NoGradGuard no_grad;
  for (const std::int64_t window : {1, 3, 5}) {
    Convolution layer(ConvolutionImpl::Options{.inputs = 3, .outputs = 4, .window = window});
    layer->to(at::kDouble);
    test::fill_parameters(*layer, 0.5);
    const at::Tensor x = numbers({2, 3, 4, 5}, 1);
    EXPECT_TRUE(at::allclose(layer(x), plain_convolution(x, layer->weight, layer->bias)));
  }
}

TEST(ConvolutionFeedForward, IsTwoConvolutionsOverTheGrid) {
  const at::NoGradGuard no_grad;
  ConvolutionFeedForward layer(
      ConvolutionFeedForwardImpl::Options{.width = 4, .ratio = 2, .grid_height = 3});
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const auto p = layer->named_parameters();
  const at::Tensor x = numbers({2, 6, 4}, 1);  // a grid of 3 rows and 2 columns
  const at::Tensor grid = x.view({2, 3, 2, 4}).permute({0, 3, 1, 2});
  const at::Tensor u = plain_convolution(grid, p["up.weight"], p["up.bias"]);
  const at::Tensor y =
      plain_convolution(u * at::sigmoid(1.702 * u), p["out.weight"], p["out.bias"]);
  EXPECT_TRUE(at::allclose(layer(x), y.permute({0, 2, 3, 1}).reshape({2, 6, 4})));
}

TEST(ConvolutionFeedForward, GradientsMatchFiniteDifferences) {
  ConvolutionFeedForward layer(
      ConvolutionFeedForwardImpl::Options{.width = 4, .ratio = 2, .grid_height = 2});
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = numbers({2, 6, 4}, 1);
  const at::Tensor weight = numbers({2, 6, 4}, 2);
  test::expect_gradients_match(*layer, [&] { return (layer(x) * weight).sum(); });
}

TEST(FeedForward, HalfWeightsAreNotRoundedTwice) {
  const at::NoGradGuard no_grad;
  FeedForward layer(64, 4);
  test::fill_parameters(*layer, 0.2);
  layer->to(at::kBFloat16);
  const at::Tensor x = numbers({40, 64}, 1).to(at::kBFloat16);
  const at::Tensor half = layer(x);
  layer->to(at::kDouble);
  const at::Tensor exact = layer(x.to(at::kDouble));
  const double error = (half.to(at::kDouble) - exact).norm().item<double>();
  EXPECT_LT(error / exact.norm().item<double>(), 0.004);
}

TEST(Reserve, ChangesTypesAndKeepsNames) {
  torch::nn::Sequential network(Linear(3, 2), torch::nn::BatchNorm1d(2));
  const std::vector<std::string> before = network->named_parameters().keys();
  reserve(*network, at::kBFloat16);
  EXPECT_EQ(network->named_parameters().keys(), before);
  for (const auto& item : network->named_parameters()) {
    EXPECT_EQ(item.value().scalar_type(), at::kBFloat16) << item.key();
    EXPECT_TRUE(item.value().requires_grad()) << item.key();
  }
  EXPECT_EQ(network->named_buffers()["1.running_mean"].scalar_type(), at::kBFloat16);
  EXPECT_EQ(network->named_buffers()["1.num_batches_tracked"].scalar_type(), at::kLong);
  EXPECT_EQ(network->named_parameters()["0.weight"].sizes(), (at::IntArrayRef{2, 3}));
}

TEST(Linear, ARowDoesNotDependOnTheOthers) {
  const at::Tensor weight = numbers({320, 160}, 1).to(at::kFloat);
  const at::Tensor bias = numbers({320}, 2).to(at::kFloat);
  const at::Tensor x = numbers({256, 160}, 3).to(at::kFloat);
  const at::Tensor all = at::linear(x, weight, bias);
  // Some processors' products of 32 rows and of 256 round differently: there the fewest rows that
  // are multiplied as they are stand for all, and nothing is known of more.
  const at::Tensor fewest = at::linear(x.slice(0, 0, 32), weight, bias);
  const bool alike = at::equal(fewest, all.slice(0, 0, 32));
  for (std::int64_t rows = 1; rows <= (alike ? 40 : 32); ++rows) {
    EXPECT_TRUE(at::equal(linear(x.slice(0, 0, rows), weight, bias),
                          (alike ? all : fewest).slice(0, 0, rows)))
        << rows;
  }
}

}  // namespace
}  // namespace tessera::nn
