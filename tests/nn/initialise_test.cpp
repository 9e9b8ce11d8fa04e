#include "nn/initialise.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/convolution.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "tests/support/finite_differences.h"

namespace tessera::nn {
namespace {

struct PairImpl : torch::nn::Module {
  explicit PairImpl(bool reversed) {
    if (reversed) add_table();
    up = register_module("up", Linear(256, 512));
    out = register_module("out", Linear(512, 256));
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({256})));
    own = register_parameter("own", at::ones({64, 64}));
    window = register_module("window",
                             Convolution(ConvolutionImpl::Options{.inputs = 64, .outputs = 128}));
    if (!reversed) add_table();
  }
  void add_table() { table = register_module("table", Embedding(100, 64)); }
  Linear up{nullptr}, out{nullptr};
  torch::nn::LayerNorm norm{nullptr};
  Embedding table{nullptr};
  Convolution window{nullptr};
  at::Tensor own;
};
TORCH_MODULE(Pair);

double deviation(const at::Tensor& x) {
  return x.std().item<double>();
}

TEST(Initialise, EveryKindHasItsLaw) {
  Pair pair(false);
  initialise(*pair, 1);
  EXPECT_NEAR(deviation(pair->up->weight) * 16.0, 1.0, 0.02);
  EXPECT_NEAR(deviation(pair->table->weight) / 0.02, 1.0, 0.05);
  EXPECT_NEAR(deviation(pair->own) / 0.02, 1.0, 0.05);
  EXPECT_EQ(pair->up->bias.abs().max().item<double>(), 0);
  EXPECT_EQ(pair->out->weight.abs().max().item<double>(), 0);
  EXPECT_TRUE(pair->norm->weight.eq(1).all().item<bool>());
  EXPECT_TRUE(pair->norm->bias.eq(0).all().item<bool>());
  EXPECT_NEAR(deviation(pair->window->weight) * 24.0, 1.0, 0.02);  // 64 * 9 inputs
  EXPECT_TRUE(pair->window->bias.eq(0).all().item<bool>());
}

/// The first weights of a seed are part of what it means: runs are repeated from their seed.
TEST(Initialise, TheWeightsOfASeedAreTheseNumbers) {
  Pair pair(false);
  initialise(*pair, 1);
  const auto near = [](const at::Tensor& found, std::vector<double> wanted) {
    const at::Tensor expected = at::tensor(wanted, at::kDouble);
    EXPECT_LT((found.to(at::kDouble) - expected).abs().max().item<double>(), 1e-6) << found;
  };
  near(pair->up->weight.flatten().slice(0, 0, 3), {0.054076, -0.019809, -0.065246});
  near(pair->table->weight.flatten().slice(0, 0, 3), {-0.022609, -0.018201, 0.006447});
}

TEST(Initialise, SeedAndNamesDecideAlone) {
  Pair one(false);
  Pair same(true);  // built in another order
  Pair other(false);
  initialise(*one, 1);
  initialise(*same, 1);
  initialise(*other, 2);
  EXPECT_TRUE(at::equal(one->up->weight, same->up->weight));
  EXPECT_TRUE(at::equal(one->table->weight, same->table->weight));
  EXPECT_FALSE(at::equal(one->up->weight, other->up->weight));
  EXPECT_FALSE(at::equal(one->table->weight.slice(0, 0, 64), one->own));
}

}  // namespace
}  // namespace tessera::nn
