#include "nn/initialise.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/feed_forward.h"

namespace tessera::nn {
namespace {

struct PairImpl : torch::nn::Module {
  explicit PairImpl(bool reversed) {
    if (reversed) add_table();
    up = register_module("up", torch::nn::Linear(256, 512));
    out = register_module("out", torch::nn::Linear(512, 256));
    norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({256})));
    own = register_parameter("own", at::ones({64, 64}));
    if (!reversed) add_table();
  }
  void add_table() { table = register_module("table", torch::nn::Embedding(100, 64)); }
  torch::nn::Linear up{nullptr}, out{nullptr};
  torch::nn::LayerNorm norm{nullptr};
  torch::nn::Embedding table{nullptr};
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
