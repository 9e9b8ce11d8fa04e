// The published codecs' network as a whole: against a recomputation that reads the weights by name.

#include <cmath>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"
#include "vqvae/loss.h"
#include "vqvae/quantizer.h"
#include "vqvae/vqvae.h"

namespace tessera::vqvae {
namespace {

/// Three levels, attention at two of them, channels that change and that stay.
VqVaeOptions vqgan_options() {
  return {.architecture = "vqgan",
          .resolution = 16,
          .unshuffle = 1,
          .base_channels = 4,
          .channel_multipliers = {1, 2, 2},
          .residual_blocks = 1,
          .decoder_blocks = 2,
          .norm_groups = 2,
          .z_channels = 6,
          .attention_levels = {1, 2},
          .codebook_size = 16,
          .code_dim = 3};
}

VqVae make_codec(const VqVaeOptions& options = vqgan_options()) {
  VqVae codec(options);
  codec->initialise(5);
  test::stir(*codec, 100);
  codec->eval();
  return codec;
}

/// One side, written out of operators.
class Plain {
 public:
  Plain(const VqVae& codec, std::string side, std::int64_t groups)
      : weights_(codec->named_parameters()), side_(std::move(side)), groups_(groups) {}

  at::Tensor conv(const std::string& name, const at::Tensor& x, int padding = 1) const {
    return at::conv2d(
        x, w(name + ".weight"), w(name + ".bias"), /*stride=*/1, at::IntArrayRef{padding, padding});
  }
  at::Tensor down(const std::string& name, const at::Tensor& x) const {
    const at::Tensor padded =
        at::zeros({x.size(0), x.size(1), x.size(2) + 1, x.size(3) + 1}, x.options());
    padded.slice(2, 0, x.size(2)).slice(3, 0, x.size(3)).copy_(x);
    return at::conv2d(padded, w(name + ".weight"), w(name + ".bias"), /*stride=*/2);
  }
  at::Tensor up(const std::string& name, const at::Tensor& x) const {
    return conv(name, x.repeat_interleave(2, 2).repeat_interleave(2, 3));
  }
  at::Tensor norm(const std::string& name, const at::Tensor& x) const {
    return at::group_norm(x, groups_, w(name + ".weight"), w(name + ".bias"), 1e-6);
  }
  at::Tensor swish(const at::Tensor& x) const { return x * x.sigmoid(); }
  at::Tensor block(const std::string& name, const at::Tensor& x) const {
    const at::Tensor h = conv(name + ".conv1", swish(norm(name + ".norm1", x)));
    const at::Tensor branch = conv(name + ".conv2", swish(norm(name + ".norm2", h)));
    const bool projected = weights_.contains(side_ + name + ".shortcut.weight");
    return branch + (projected ? conv(name + ".shortcut", x, 0) : x);
  }
  at::Tensor attention(const std::string& name, const at::Tensor& x) const {
    const at::Tensor rows = norm(name + ".norm", x).flatten(2).transpose(1, 2);
    const auto linear = [&](const std::string& layer, const at::Tensor& in) {
      return at::linear(in,
                        w(name + ".attention." + layer + ".weight"),
                        w(name + ".attention." + layer + ".bias"));
    };
    const auto qkv = linear("qkv", rows).chunk(3, -1);
    const double scale = 1 / std::sqrt(static_cast<double>(x.size(1)));
    const at::Tensor share = (at::matmul(qkv[0], qkv[1].transpose(1, 2)) * scale).softmax(-1);
    return x + linear("out", at::matmul(share, qkv[2])).transpose(1, 2).reshape(x.sizes());
  }
  at::Tensor middle(const at::Tensor& x) const {
    return block("middle.block1", attention("middle.attention", block("middle.block0", x)));
  }

 private:
  at::Tensor w(const std::string& name) const { return weights_[side_ + name]; }
  torch::OrderedDict<std::string, at::Tensor> weights_;
  std::string side_;
  std::int64_t groups_;
};

TEST(Vqgan, EncoderIsTheWrittenOutNetwork) {
  const at::NoGradGuard no_grad;
  VqVae codec = make_codec();
  codec->to(at::kDouble);
  const at::Tensor images = test::pictures(2, 16, 24).to(at::kDouble);
  const Plain plain(codec, "encoder.", 2);
  at::Tensor x = plain.conv("enter", images);
  x = plain.down("level0_down", plain.block("level0_block0", x));
  x = plain.attention("level1_attention0", plain.block("level1_block0", x));
  x = plain.down("level1_down", x);
  x = plain.attention("level2_attention0", plain.block("level2_block0", x));
  x = plain.conv("leave", plain.swish(plain.norm("norm", plain.middle(x))));
  x = plain.conv("to_codes", x, 0);
  EXPECT_EQ(x.sizes(), at::IntArrayRef({2, 3, 4, 6}));
  EXPECT_LT((codec->features(images) - x).abs().max().item<double>(), 1e-11);
}

TEST(Vqgan, DecoderIsTheWrittenOutNetwork) {
  const at::NoGradGuard no_grad;
  VqVae codec = make_codec();
  codec->to(at::kDouble);
  const at::Tensor vectors = test::normal(12, {2, 3, 4, 6});
  const Plain plain(codec, "decoder.", 2);
  at::Tensor x = plain.middle(plain.conv("enter", plain.conv("from_codes", vectors, 0)));
  for (const std::string level : {"level2", "level1", "level0"}) {
    for (const std::string number : {"0", "1"}) {
      x = plain.block(level + "_block" + number, x);
      if (level != "level0") x = plain.attention(level + "_attention" + number, x);
    }
    if (level != "level0") x = plain.up(level + "_up", x);
  }
  x = plain.conv("leave", plain.swish(plain.norm("norm", x)));
  EXPECT_EQ(x.sizes(), at::IntArrayRef({2, 3, 16, 24}));
  EXPECT_LT((codec->render(vectors) - x).abs().max().item<double>(), 1e-11);
}

TEST(Vqgan, ShapesFollowThePicture) {
  VqVae codec = make_codec();
  const at::NoGradGuard no_grad;
  for (const auto& [height, width] : {std::pair{16, 16}, {16, 32}, {4, 8}, {40, 12}}) {
    const at::Tensor x = test::pictures(2, height, width);
    const at::Tensor indices = codec->encode(x);
    EXPECT_EQ(indices.sizes(), at::IntArrayRef({2, height / 4, width / 4}));
    EXPECT_EQ(codec->decode(indices).sizes(), x.sizes());
  }
  test::expect_error(ErrorCode::kShapeMismatch, "multiples of 4, got", [&] {
    codec->encode(at::zeros({1, 3, 16, 18}));
  });
}

TEST(Vqgan, AWiderStemHasAShortcutBehindIt) {
  VqVaeOptions options = vqgan_options();
  options.stem_channels = 6;
  VqVae codec = make_codec(options);
  const auto weights = codec->named_parameters();
  EXPECT_EQ(weights["encoder.enter.weight"].size(0), 6);
  EXPECT_EQ(weights["encoder.level0_block0.shortcut.weight"].sizes(),
            at::IntArrayRef({4, 6, 1, 1}));
  EXPECT_EQ(codec->features(test::pictures(1)).sizes(), at::IntArrayRef({1, 3, 4, 4}));
}

TEST(Vqgan, ABatchOfTwoIsTwoOfOne) {
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

TEST(Vqgan, BeginsWithClosedBranchesAndSignalsInRange) {
  VqVae codec(vqgan_options());
  codec->initialise(5);
  const auto weights = codec->named_parameters();
  for (const char* name : {"encoder.level1_block0.conv2.weight",
                           "encoder.middle.attention.attention.out.weight",
                           "decoder.level0_block1.conv2.weight"}) {
    EXPECT_EQ(weights[name].abs().max().item<double>(), 0) << name;
  }
  EXPECT_GT(weights["decoder.level0_block1.conv1.weight"].std().item<double>(), 0.05);
  EXPECT_TRUE(weights["encoder.norm.weight"].equal(at::ones({8})));
  const double spread = codec->features(test::pictures(8)).std().item<double>();
  EXPECT_GT(spread, 0.1);
  EXPECT_LT(spread, 10);
}

TEST(Vqgan, TrainsAtEveryWeight) {
  for (const char* name : {"ema", "straight-through", "gumbel"}) {
    VqVaeOptions options = vqgan_options();
    options.quantizer = name;
    VqVae codec = make_codec(options);
    codec->train();
    const at::Tensor x = test::pictures(2);
    const Quantized q = codec->quantize(codec->features(x), {.rng = nn::Rng::of_run(1, 0, 2)});
    (reconstruction_loss(codec->render(q.vectors), x, {}).total + q.loss).backward();
    for (const auto& item : codec->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << name << " " << item.key();
      EXPECT_GT(item.value().grad().abs().max().item<double>(), 0) << name << " " << item.key();
    }
  }
}

}  // namespace
}  // namespace tessera::vqvae
