#include "nn/attention.h"

#include <cmath>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/initialise.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::nn {
namespace {

using test::numbers;

/// The definition in loops: softmax over the allowed keys of q.k / sqrt(d), head by head.
at::Tensor by_hand(const at::Tensor& q,
                   const at::Tensor& k,
                   const at::Tensor& v,
                   const at::Tensor& mask,
                   std::int64_t heads) {
  const std::int64_t d = q.size(2) / heads;
  at::Tensor out = at::zeros_like(q);
  for (std::int64_t b = 0; b < q.size(0); ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t n = 0; n < q.size(1); ++n) {
        const auto slice = [&](const at::Tensor& x, std::int64_t i) {
          return x[b][i].slice(0, h * d, (h + 1) * d);
        };
        double total = 0;
        at::Tensor sum = at::zeros({d}, at::kDouble);
        for (std::int64_t l = 0; l < k.size(1); ++l) {
          if (mask.defined() && !mask[b][l].item<bool>()) continue;
          const double dot = slice(q, n).dot(slice(k, l)).item<double>();
          const double weight = std::exp(dot / std::sqrt(static_cast<double>(d)));
          total += weight;
          sum += slice(v, l) * weight;
        }
        out[b][n].slice(0, h * d, (h + 1) * d).copy_(sum / total);
      }
    }
  }
  return out;
}

at::Tensor apply(const torch::nn::Module& module, const std::string& name, const at::Tensor& x) {
  const auto parameters = module.named_parameters();
  return at::linear(x, parameters[name + ".weight"], parameters[name + ".bias"]);
}

TEST(Attention, SelfAttentionIsItsDefinition) {
  SelfAttention layer(8, 2);
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = numbers({2, 5, 8}, 1);
  const at::NoGradGuard no_grad;
  const auto qkv = apply(*layer, "qkv", x).chunk(3, -1);
  const at::Tensor expected = apply(*layer, "out", by_hand(qkv[0], qkv[1], qkv[2], {}, 2));
  EXPECT_TRUE(at::allclose(layer(x), expected, 1e-10, 1e-12));
}

TEST(Attention, CrossAttentionIsItsDefinitionAndSkipsMaskedKeys) {
  CrossAttention layer(8, 6, 2);
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = numbers({2, 5, 8}, 1);
  const at::Tensor condition = numbers({2, 4, 6}, 2);
  at::Tensor mask = at::ones({2, 4}, at::kBool);
  mask[0][2] = false;
  mask[1][3] = false;
  const at::NoGradGuard no_grad;
  const auto kv = apply(*layer, "key_value", condition).chunk(2, -1);
  const at::Tensor heads = by_hand(apply(*layer, "query", x), kv[0], kv[1], mask, 2);
  const at::Tensor found = layer(x, layer->keys_values(condition), attention_mask(mask));
  EXPECT_TRUE(at::allclose(found, apply(*layer, "out", heads), 1e-10, 1e-12));
}

TEST(Attention, GradientsMatchFiniteDifferences) {
  CrossAttention layer(8, 6, 2);
  layer->to(at::kDouble);
  test::fill_parameters(*layer, 0.5);
  const at::Tensor x = numbers({2, 5, 8}, 1);
  const at::Tensor condition = numbers({2, 4, 6}, 2);
  const at::Tensor weight = numbers({2, 5, 8}, 3);
  const at::Tensor mask = at::ones({2, 4}, at::kBool);
  mask[0][2].fill_(false);
  test::expect_gradients_match(*layer, [&] {
    return (layer(x, layer->keys_values(condition), attention_mask(mask)) * weight).sum();
  });
}

/// In bfloat16 training takes another way than inference; both give the float32 answer.
TEST(Attention, BothWaysInBfloat16Agree) {
  SelfAttention layer(32, 2);
  test::fill_parameters(*layer, 0.2);
  const at::Tensor x = numbers({2, 16, 32}, 1).to(at::kFloat);
  const at::Tensor mask = at::ones({2, 16}, at::kBool);
  mask[1].slice(0, 10).fill_(false);
  const at::Tensor exact = layer(x, attention_mask(mask)).detach();
  layer->to(at::kBFloat16);
  const at::Tensor trained = layer(x.to(at::kBFloat16), attention_mask(mask));
  EXPECT_TRUE(trained.requires_grad());
  const at::NoGradGuard no_grad;
  const at::Tensor inferred = layer(x.to(at::kBFloat16), attention_mask(mask));
  EXPECT_LT((trained.to(at::kFloat) - exact).abs().max().item<double>(), 4e-2);
  EXPECT_LT((inferred.to(at::kFloat) - exact).abs().max().item<double>(), 4e-2);
}

TEST(Attention, HeadsMustDivideTheWidth) {
  test::expect_error(
      ErrorCode::kInvalidArgument, "multiple of heads", [] { SelfAttention(10, 3); });
  test::expect_error(ErrorCode::kInvalidArgument, "0 heads", [] { CrossAttention(8, 8, 0); });
}

}  // namespace
}  // namespace tessera::nn
