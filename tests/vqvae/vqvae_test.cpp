#include "vqvae/vqvae.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"
#include "vqvae/loss.h"
#include "vqvae/quantizer.h"

namespace tessera::vqvae {
namespace {

VqVae make_codec(const VqVaeOptions& options = test::tiny_options(), bool stirred = true) {
  VqVae codec(options);
  codec->initialise(5);
  if (stirred) test::stir(*codec, 100);
  codec->eval();
  return codec;
}

TEST(VqVae, ShapesFollowThePicture) {
  VqVae codec = make_codec();
  for (const auto& [height, width] : {std::pair{16, 16}, {16, 32}, {4, 8}, {40, 12}}) {
    const at::Tensor x = test::pictures(2, height, width);
    const at::Tensor indices = codec->encode(x);
    EXPECT_EQ(indices.sizes(), at::IntArrayRef({2, height / 4, width / 4}));
    EXPECT_EQ(indices.scalar_type(), at::kLong);
    EXPECT_GE(indices.min().item<std::int64_t>(), 0);
    EXPECT_LT(indices.max().item<std::int64_t>(), 16);
    EXPECT_EQ(codec->decode(indices).sizes(), x.sizes());
  }
}

TEST(VqVae, EveryLayoutHasItsDownsampling) {
  for (const auto& [unshuffle, levels] : {std::pair{1, 1}, {1, 3}, {2, 2}, {4, 1}, {4, 2}}) {
    VqVaeOptions options = test::tiny_options();
    options.unshuffle = unshuffle;
    options.channel_multipliers.assign(static_cast<std::size_t>(levels), 1);
    options.attention_blocks = 0;
    VqVae codec = make_codec(options);
    const std::int64_t side = 16 / options.downsample();
    const at::Tensor indices = codec->encode(test::pictures(1));
    EXPECT_EQ(indices.sizes(), at::IntArrayRef({1, side, side}));
    EXPECT_EQ(codec->decode(indices).size(3), 16);
  }
}

TEST(VqVae, RefusesSizesThatAreNoMultiple) {
  VqVae codec = make_codec();
  for (const auto& shape : std::vector<std::vector<std::int64_t>>{
           {1, 3, 18, 16}, {1, 3, 16, 15}, {1, 1, 16, 16}, {3, 16, 16}, {1, 3, 0, 16}}) {
    test::expect_error(
        ErrorCode::kShapeMismatch, "multiples of 4, got", [&] { codec->encode(at::zeros(shape)); });
  }
  test::expect_error(ErrorCode::kShapeMismatch, "[2, 4]", [&] {
    codec->decode(at::zeros({2, 4}, at::kLong));
  });
  test::expect_error(ErrorCode::kShapeMismatch, "[1, 5, 4, 4]", [&] {
    codec->render(at::zeros({1, 5, 4, 4}));
  });
}

TEST(VqVae, ABatchOfTwoIsTwoOfOne) {
  VqVae codec = make_codec();
  const at::NoGradGuard no_grad;
  const at::Tensor x = test::pictures(2);
  const at::Tensor both = codec->encode(x);
  const at::Tensor shown = codec->decode(both);
  for (std::int64_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(codec->encode(x.slice(0, i, i + 1)).equal(both.slice(0, i, i + 1)));
    EXPECT_TRUE(
        codec->decode(both.slice(0, i, i + 1)).allclose(shown.slice(0, i, i + 1), 1e-5, 1e-5));
  }
}

TEST(VqVae, EachCellSeesTheWholePictureThroughAttention) {
  VqVae codec = make_codec();
  const at::NoGradGuard no_grad;
  at::Tensor x = test::pictures(1, 48, 48);
  const at::Tensor before = codec->features(x);
  x.slice(2, 0, 4).slice(3, 0, 4).neg_();
  const at::Tensor change = (codec->features(x) - before).abs().sum(1);
  EXPECT_GT(change[0][11][11].item<double>(), 0);
  VqVaeOptions local = test::tiny_options();
  local.attention_blocks = 0;
  VqVae blind = make_codec(local);
  const at::Tensor after = blind->features(x);
  x.slice(2, 0, 4).slice(3, 0, 4).neg_();
  EXPECT_EQ((blind->features(x) - after)[0].select(1, 11).abs().sum().item<double>(), 0);
}

TEST(VqVae, InitialWeightsAreTheSeedsOwn) {
  VqVae a = make_codec(test::tiny_options(), false);
  VqVae b = make_codec(test::tiny_options(), false);
  VqVae c(test::tiny_options());
  c->initialise(6);
  const auto pa = a->named_parameters();
  for (const auto& item : b->named_parameters()) {
    EXPECT_TRUE(item.value().equal(pa[item.key()])) << item.key();
  }
  EXPECT_TRUE(a->quantizer().codebook().equal(b->quantizer().codebook()));
  EXPECT_FALSE(a->quantizer().codebook().equal(c->quantizer().codebook()));
  EXPECT_FALSE(pa["encoder.level0_enter.weight"].equal(
      c->named_parameters()["encoder.level0_enter.weight"]));
  // A fresh codec keeps its signals alive and in range.
  const double spread = a->features(test::pictures(8)).std().item<double>();
  EXPECT_GT(spread, 0.1);
  EXPECT_LT(spread, 10);
}

TEST(VqVae, CheckpointNamesHoldTheCodebooksMovingAverages) {
  VqVae codec = make_codec();
  const auto buffers = codec->named_buffers();
  for (const char* name :
       {"quantizer.embedding", "quantizer.cluster_size", "quantizer.embedding_avg"}) {
    EXPECT_TRUE(buffers.contains(name)) << name;
  }
}

TEST(VqVae, AutoencoderGradientIsTheDerivativeOfItsLoss) {
  VqVae codec = make_codec();
  codec->to(at::kDouble);
  const at::Tensor x = test::pictures(2).to(at::kDouble);
  // Squares only: absolute values have corners that a difference can step over.
  const VqVaeLossOptions smooth{.l1 = 0, .l2 = 1, .edge = 0};
  const auto loss = [&] {
    return reconstruction_loss(codec->render(codec->features(x)), x, smooth).total;
  };
  for (auto& item : codec->named_parameters()) {
    test::expect_gradient(item.value(), loss, item.key());
  }
}

TEST(VqVae, QuantisedGradientReachesTheEncoderStraightThrough) {
  VqVae codec = make_codec();
  codec->to(at::kDouble);
  codec->train();
  const at::Tensor x = test::pictures(2).to(at::kDouble);
  at::Tensor z = codec->features(x).detach().set_requires_grad(true);
  const Quantized q = codec->quantize(z, {});
  reconstruction_loss(codec->render(q.vectors), x, {}).total.backward();
  at::Tensor e = codec->quantizer().codes(q.indices).detach().set_requires_grad(true);
  reconstruction_loss(codec->render(e), x, {}).total.backward();
  EXPECT_TRUE(z.grad().allclose(e.grad()));
  EXPECT_GT(z.grad().abs().max().item<double>(), 0);
}

TEST(VqVae, TrainsUnderBf16AutocastWithFloat32Ends) {
  for (const char* name : {"ema", "straight-through", "gumbel"}) {
    VqVaeOptions options = test::tiny_options();
    options.quantizer = name;
    VqVae codec = make_codec(options);
    codec->train();
    const at::Tensor x = test::pictures(2);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCPU, true);
    const at::Tensor z = codec->features(x);
    const Quantized q = codec->quantize(z, {.rng = nn::Rng::of_run(1, 0, 2)});
    const at::Tensor y = codec->render(q.vectors);
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
    EXPECT_EQ(z.scalar_type(), at::kFloat) << name;
    EXPECT_EQ(q.vectors.scalar_type(), at::kFloat) << name;
    EXPECT_EQ(q.loss.scalar_type(), at::kFloat) << name;
    EXPECT_EQ(y.scalar_type(), at::kFloat) << name;
    // Close to the float32 pass, and the gradient arrives everywhere.
    const at::NoGradGuard check_only;
    EXPECT_LT((codec->render(q.vectors) - y).abs().max().item<double>(),
              0.05 * y.abs().max().item<double>());
    {
      const at::AutoGradMode with_grad(true);
      (reconstruction_loss(y, x, {}).total + q.loss).backward();
    }
    for (const auto& item : codec->named_parameters()) {
      EXPECT_TRUE(item.value().grad().defined()) << name << " " << item.key();
    }
  }
}

}  // namespace
}  // namespace tessera::vqvae
