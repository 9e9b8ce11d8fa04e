#include "text/transformer_encoder.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/initialise.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"
#include "text/tokenizer.h"

namespace tessera::text {
namespace {

using test::expect_error;

constexpr TextEncoderOptions kTiny{
    .vocabulary = 20, .length = 8, .width = 16, .layers = 2, .heads = 2};

std::shared_ptr<TextEncoder> tiny_encoder(double deviation = 0.3) {
  auto encoder = make_text_encoder(kTiny);
  test::fill_parameters(*encoder, deviation);
  return encoder;
}

at::Tensor ids(std::vector<std::int64_t> row) {
  return at::tensor(row, at::kLong).unsqueeze(0);
}

double largest(const at::Tensor& difference) {
  return difference.abs().max().item<double>();
}

TEST(TransformerEncoder, ShapesAndMask) {
  const at::NoGradGuard no_grad;
  const nn::Condition c = tiny_encoder()->encode(ids({kBegin, 7, kEnd, kPad, kPad, kPad}));
  EXPECT_EQ(c.tokens.sizes(), (std::vector<std::int64_t>{1, 6, 16}));
  EXPECT_EQ(c.tokens.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(c.mask, at::tensor({1, 1, 1, 0, 0, 0}).to(at::kBool).unsqueeze(0)));
}

TEST(TransformerEncoder, PaddingNeverChangesRealPositions) {
  const at::NoGradGuard no_grad;
  auto encoder = tiny_encoder();
  const at::Tensor bare = encoder->encode(ids({kBegin, 7, 9, kEnd})).tokens;
  const at::Tensor padded = encoder->encode(ids({kBegin, 7, 9, kEnd, 0, 0, 0, 0})).tokens;
  EXPECT_LT(largest(bare - padded.slice(1, 0, 4)), 1e-5);
  const at::Tensor other = encoder->encode(ids({kBegin, 7, 10, kEnd})).tokens;
  EXPECT_GT(largest(bare - other), 1e-2) << "the encoder is deaf";
}

TEST(TransformerEncoder, ABatchOfTwoIsTwoOfOne) {
  const at::NoGradGuard no_grad;
  auto encoder = tiny_encoder();
  const at::Tensor a = ids({kBegin, 7, 9, kEnd, 0, 0});
  const at::Tensor b = ids({kBegin, 5, 5, 6, 4, kEnd});
  const at::Tensor both = encoder->encode(at::cat({a, b})).tokens;
  const at::Tensor apart = at::cat({encoder->encode(a).tokens, encoder->encode(b).tokens});
  EXPECT_LT(largest(both - apart), 1e-5);
}

TEST(TransformerEncoder, TheEmptyPromptIsLegal) {
  const at::NoGradGuard no_grad;
  const nn::Condition c = tiny_encoder()->encode(ids({kBegin, kEnd, 0, 0}));
  EXPECT_TRUE(c.tokens.slice(1, 0, 2).isfinite().all().item<bool>());
}

TEST(TransformerEncoder, GradientsMatchFiniteDifferences) {
  auto encoder = tiny_encoder();
  encoder->to(at::kDouble);
  const at::Tensor batch =
      at::cat({ids({kBegin, 7, 9, kEnd, 0, 0}), ids({kBegin, 5, 5, 6, 4, kEnd})});
  const at::Tensor weight = test::normal_like(at::empty({2, 6, 16}), 1);
  test::expect_gradients_match(*encoder, [&] {
    const nn::Condition c = encoder->encode(batch);
    return (c.tokens * weight * c.mask.unsqueeze(-1)).sum();
  });
}

TEST(TransformerEncoder, Bfloat16AutocastStaysNear) {
  auto encoder = make_text_encoder(kTiny);
  nn::initialise(*encoder, 1);
  const at::Tensor row = ids({kBegin, 7, 9, kEnd, 0, 0});
  const at::Tensor exact = encoder->encode(row).tokens.detach();
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const at::Tensor fast = encoder->encode(row).tokens;
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  EXPECT_EQ(fast.scalar_type(), at::kFloat);
  EXPECT_LT(largest(fast.detach() - exact), 4e-2);
}

TEST(TransformerEncoder, WrongOptionsAndIdsAreRefused) {
  const auto make = [](auto change) {
    TextEncoderOptions o = kTiny;
    change(o);
    return [o] { make_text_encoder(o); };
  };
  expect_error(ErrorCode::kInvalidArgument, "vocabulary", make([](auto& o) { o.vocabulary = 0; }));
  expect_error(ErrorCode::kInvalidArgument, "length", make([](auto& o) { o.length = 1; }));
  expect_error(ErrorCode::kInvalidArgument, "heads", make([](auto& o) { o.heads = 3; }));
  expect_error(ErrorCode::kInvalidArgument, "width", make([](auto& o) { o.width = 0; }));
  expect_error(ErrorCode::kInvalidArgument, "layers", make([](auto& o) { o.layers = -1; }));
  auto encoder = tiny_encoder();
  expect_error(ErrorCode::kShapeMismatch, "at most 8", [&] {
    encoder->encode(at::full({1, 9}, kBegin, at::kLong));
  });
}

}  // namespace
}  // namespace tessera::text
