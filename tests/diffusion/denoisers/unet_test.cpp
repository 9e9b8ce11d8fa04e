#include "diffusion/denoisers/unet.h"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "diffusion/denoisers/time_sinusoids.h"
#include "diffusion/denoisers/unet_resample.h"
#include "diffusion/denoisers/unet_residual_block.h"
#include "nn/initialise.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::diffusion {
namespace {

using test::expect_error;

constexpr AnswerKind kFixed{};
constexpr AnswerKind kLearned{.variance = GaussianVariance::kRange};

AnswerKind kind_of(const UNetOptions& o) {
  return o.learned_variance ? kLearned : kFixed;
}

UNetOptions tiny() {
  return {.side = 8,
          .base_channels = 8,
          .channel_multipliers = {1, 2},
          .residual_blocks = 1,
          .attention_sides = {4},
          .heads = 2,
          .norm_groups = 4,
          .steps = 10,
          .condition_width = 6,
          .condition_length = 3};
}

/// One of each thing that a published or a text network does otherwise.
std::vector<UNetOptions> variants() {
  std::vector<UNetOptions> all(6, tiny());
  all[1].scale_shift_norm = true;
  all[1].learned_variance = true;
  all[1].time_order = "cosine-first";
  all[1].time_rescale = true;
  all[1].down_padding = "both";
  all[1].head_channels = 8;
  all[2].resample = "residual";
  all[2].condition = "class";
  all[2].classes = 3;
  all[3].resample = "pool";
  all[3].residual_blocks = 2;
  all[3].attention_sides = {8, 4};
  all[4].condition = "text";
  all[4].pooled_text = true;
  all[4].attention_sides = {8, 4};
  all[4].text_layers = 2;
  all[5].condition = "text";
  all[5].learned_null = false;
  all[5].scale_shift_norm = true;
  all[5].time_width = 20;
  all[5].channel_multipliers = {2};
  all[5].attention_sides = {};
  return all;
}

std::shared_ptr<UNet> filled(const UNetOptions& options) {
  auto unet = make_unet(options, kind_of(options));
  test::fill_parameters(*unet, 0.3);
  unet->eval();
  return unet;
}

at::Tensor normal(at::IntArrayRef shape, std::uint32_t stream) {
  return test::normal_like(at::empty(shape), stream).to(at::kFloat);
}

double largest(const at::Tensor& difference) {
  return difference.abs().max().item<double>();
}

/// Three rows with texts of 4, 2 and 3 real tokens, and a class each.
struct Example {
  at::Tensor x = normal({3, 3, 8, 8}, 1);
  at::Tensor t = at::tensor({1, 10, 4}, at::kLong);
  nn::Condition known{.tokens = normal({3, 4, 6}, 2),
                      .mask = at::arange(4).unsqueeze(0).lt(at::tensor({4, 2, 3}).unsqueeze(1)),
                      .labels = at::tensor({2, 0, 1}, at::kLong)};
};

std::int64_t parameters_of(const UNetOptions& options) {
  std::int64_t count = 0;
  for (const at::Tensor& each : make_unet(options, kind_of(options))->parameters()) {
    count += each.numel();
  }
  return count;
}

UNetOptions improved(UNetOptions o) {
  o.heads = 4;
  o.norm_epsilon = 1e-5;
  o.time_order = "cosine-first";
  o.down_padding = "both";
  o.scale_shift_norm = true;
  o.learned_variance = true;
  return o;
}

UNetOptions adm(UNetOptions o) {
  o = improved(o);
  o.attention_sides = {32, 16, 8};
  o.head_channels = 64;
  o.resample = "residual";
  return o;
}

UNetOptions of_classes(UNetOptions o) {
  o.condition = "class";
  o.learned_null = false;
  return o;
}

// Published: DDPM 35.7 M and 114 M, Improved DDPM 120 M and 270 M; the rest counted from the
// released code.
TEST(UNet, HasAsManyParametersAsThePublishedNetworks) {
  const UNetOptions cifar{};
  const UNetOptions lsun{.side = 256, .channel_multipliers = {1, 1, 2, 2, 4, 4}};
  EXPECT_EQ(parameters_of(cifar), 35'746'307);
  EXPECT_EQ(parameters_of(lsun), 113'673'219);

  UNetOptions iddpm = improved({.residual_blocks = 3, .attention_sides = {16, 8}});
  EXPECT_EQ(parameters_of(iddpm), 52'546'438);
  iddpm.side = 64;
  iddpm.channel_multipliers = {1, 2, 3, 4};
  EXPECT_EQ(parameters_of(iddpm), 121'063'942);
  iddpm.base_channels = 192;
  EXPECT_EQ(parameters_of(of_classes(iddpm)), 273'049'350);
  UNetOptions lsun_improved = improved(lsun);
  lsun_improved.scale_shift_norm = false;
  EXPECT_EQ(parameters_of(lsun_improved), 113'676'678);

  EXPECT_EQ(parameters_of(of_classes(adm({.side = 64,
                                          .base_channels = 192,
                                          .channel_multipliers = {1, 2, 3, 4},
                                          .residual_blocks = 3}))),
            295'904'454);
  const UNetOptions large =
      adm({.side = 256, .base_channels = 256, .channel_multipliers = {1, 1, 2, 2, 4, 4}});
  EXPECT_EQ(parameters_of(large), 552'814'086);
  EXPECT_EQ(parameters_of(of_classes(large)), 553'838'086);

  EXPECT_EQ(parameters_of({.channels = 1,
                           .side = 28,
                           .base_channels = 64,
                           .channel_multipliers = {1, 2, 2},
                           .attention_sides = {14}}),
            6'469'889);
  EXPECT_EQ(parameters_of({.side = 16,
                           .base_channels = 32,
                           .channel_multipliers = {1, 2, 2},
                           .residual_blocks = 1,
                           .attention_sides = {8}}),
            1'113'955);
}

void expect_waves(const std::string& order, double t, const std::vector<double>& wanted) {
  const at::Tensor found = time_sinusoids(at::tensor({t}, at::kDouble), 8, order)[0];
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(found[static_cast<std::int64_t>(i)].item<double>(), wanted[i], 1e-6)
        << order << " " << t << " " << i;
  }
}

TEST(UNet, TimesAreTheSinusoidsOfThePublishedCode) {
  expect_waves("sine-first",
               1,
               {0.841470985,
                0.0463992235,
                0.00215443302,
                9.99999998e-5,
                0.540302306,
                0.998922976,
                0.999997679,
                0.999999995});
  expect_waves("sine-first",
               999,
               {-0.0264607527,
                0.684864229,
                0.835648501,
                0.0997339157,
                0.999649853,
                -0.728670699,
                -0.549264584,
                0.995014144});
  expect_waves("cosine-first",
               1,
               {0.540302306,
                0.995004165,
                0.99995,
                0.9999995,
                0.841470985,
                0.0998334166,
                0.00999983333,
                9.99999833e-4});
  expect_waves("cosine-first",
               999,
               {0.999649853,
                0.807458658,
                -0.844469696,
                0.541143507,
                -0.0264607527,
                -0.589924161,
                -0.535603335,
                0.840930262});
  expect_error(ErrorCode::kInvalidArgument, "cosine-first, got \"sideways\"", [] {
    time_sinusoids(at::zeros({1}), 8, "sideways");
  });
}

TEST(UNet, AnswersInTheShapeOfItsInput) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const UNetOptions& options : variants()) {
    const at::Tensor answer = filled(options)->forward(e.x, e.t, e.known);
    EXPECT_EQ(answer.sizes(), (std::vector<std::int64_t>{3, options.outputs(), 8, 8}));
    EXPECT_EQ(answer.scalar_type(), at::kFloat);
    EXPECT_TRUE(answer.isfinite().all().item<bool>());
    EXPECT_GT(largest(answer), 1e-3);
    // Sides other than those it was made for.
    const at::Tensor wide = normal({3, 3, 4, 12}, 5);
    EXPECT_EQ(filled(options)->forward(wide, e.t, e.known).size(3), 12);
  }
}

TEST(UNet, BeginsAtZero) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const UNetOptions& options : variants()) {
    auto unet = make_unet(options, kind_of(options));
    nn::initialise(*unet, 3);
    EXPECT_EQ(largest(unet->forward(e.x, e.t, e.known)), 0.0);
  }
}

TEST(UNet, APictureDoesNotSeeItsBatch) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const UNetOptions& options : variants()) {
    auto unet = filled(options);
    const at::Tensor all = unet->forward(e.x, e.t, e.known);
    for (std::int64_t row = 0; row < 3; ++row) {
      const at::Tensor alone =
          unet->forward(e.x.narrow(0, row, 1), e.t.narrow(0, row, 1), nn::rows_of(e.known, row, 1));
      EXPECT_LT(largest(alone[0] - all[row]), 1e-5);
    }
  }
}

TEST(UNet, EveryParameterLearns) {
  const Example e;
  for (const UNetOptions& options : variants()) {
    auto unet = filled(options);
    nn::Condition known = e.known;
    if (options.condition == "text" && options.learned_null) {
      const nn::Condition null = unet->null_condition(1);
      known.tokens =
          at::cat({at::constant_pad_nd(null.tokens, {0, 0, 0, 1}), e.known.tokens.slice(0, 1)});
    }
    const at::Tensor answer = unet->forward(e.x, e.t, known);
    (answer * normal(answer.sizes(), 9)).sum().backward();
    for (const auto& item : unet->named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      EXPECT_GT(largest(item.value().grad()), 0.0) << item.key();
    }
  }
}

TEST(UNet, TimeTextAndClassMatter) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const UNetOptions& options : variants()) {
    auto unet = filled(options);
    const at::Tensor base = unet->forward(e.x, e.t, e.known);
    EXPECT_GT(largest(base - unet->forward(e.x, e.t.flip(0), e.known)), 1e-4);
    if (options.condition == "none") continue;
    nn::Condition other = e.known;
    other.labels = e.known.labels.flip(0);
    other.tokens = e.known.tokens.flip(2);
    EXPECT_GT(largest(base - unet->forward(e.x, e.t, other)), 1e-4);
    // What is behind the mask does not.
    nn::Condition padded = e.known;
    padded.tokens = at::where(e.known.mask.unsqueeze(-1), e.known.tokens, 77.0);
    EXPECT_LT(largest(base - unet->forward(e.x, e.t, padded)), 1e-5);
  }
}

TEST(UNet, TheNullConditionIsItsOwn) {
  const auto all = variants();
  EXPECT_FALSE(filled(all[0])->null_condition(2).defined());
  EXPECT_TRUE(filled(all[2])->null_condition(2).labels.equal(at::full({2}, 3, at::kLong)));
  EXPECT_EQ(filled(all[4])->null_condition(2).tokens.sizes(), at::IntArrayRef({2, 3, 6}));
  EXPECT_FALSE(filled(all[5])->null_condition(2).defined());
}

/// The mean of every group of channels and the deviation about it, by hand.
at::Tensor norm_by_hand(const at::Tensor& x, std::int64_t groups) {
  const at::Tensor rows = x.to(at::kDouble).reshape({x.size(0), groups, -1});
  const at::Tensor middle = rows - rows.mean(-1, true);
  return (middle / (middle.square().mean(-1, true) + 1e-6).sqrt()).view(x.sizes());
}

TEST(UNet, AResidualBlockIsItsFormula) {
  const at::NoGradGuard no_grad;
  for (const bool scale_shift : {false, true}) {
    UNetOptions o = tiny();
    o.scale_shift_norm = scale_shift;
    UNetResidualBlock block(ResidualBlockShape{.inputs = 8, .outputs = 16}, o);
    test::fill_parameters(*block, 0.3);
    block->eval();
    const at::Tensor x = normal({2, 8, 4, 4}, 1);
    const at::Tensor time = normal({2, o.time_channels()}, 2);
    std::map<std::string, at::Tensor> w;
    for (const auto& item : block->named_parameters()) w[item.key()] = item.value().to(at::kDouble);
    const auto channels = [](const at::Tensor& v) { return v.view({1, -1, 1, 1}); };
    const auto norm = [&](const at::Tensor& v, const std::string& name) {
      return norm_by_hand(v, 4) * channels(w[name + ".weight"]) + channels(w[name + ".bias"]);
    };
    const auto swish = [](const at::Tensor& v) { return v / (1 + (-v).exp()); };
    const auto convolve = [&](const at::Tensor& v, const std::string& name, std::int64_t pad) {
      return at::conv2d(v, w[name + ".weight"], w[name + ".bias"], 1, pad);
    };
    at::Tensor h = convolve(swish(norm(x, "norm")), "convolution", 1);
    const at::Tensor vector =
        (time.to(at::kDouble).matmul(w["time.weight"].t()) + w["time.bias"]).view({2, -1, 1, 1});
    if (scale_shift) {
      h = norm(h, "norm2") * (1 + vector.narrow(1, 0, 16)) + vector.narrow(1, 16, 16);
    } else {
      h = norm(h + vector, "norm2");
    }
    h = convolve(swish(h), "out", 1) + convolve(x.to(at::kDouble), "skip", 0);
    EXPECT_LT(largest(block->forward(x, time, {}) - h), 1e-4);
  }
}

TEST(UNet, ConvolutionsPadAsThePublishedOnesDo) {
  const at::NoGradGuard no_grad;
  const at::Tensor x = at::arange(32, at::kFloat).view({1, 2, 4, 4});
  for (const char* padding : {"end", "both"}) {
    UNetOptions o = tiny();
    o.down_padding = padding;
    UNetDown down(2, o);
    test::fill_parameters(*down, 0.0);
    // Each output is the input under the window's last corner.
    for (std::int64_t c = 0; c < 2; ++c)
      down->named_parameters()["convolution.weight"][c][c][2][2] = 1;
    const at::Tensor y = down(x);
    const std::int64_t corner = std::string(padding) == "end" ? 2 : 1;  // of output (0, 0)
    EXPECT_EQ(y.sizes(), at::IntArrayRef({1, 2, 2, 2}));
    EXPECT_EQ(y[0][1][0][0].item<float>(), x[0][1][corner][corner].item<float>());
    const float last = std::string(padding) == "end" ? 0.0F : x[0][0][3][3].item<float>();
    EXPECT_EQ(y[0][0][1][1].item<float>(), last);
  }
}

TEST(UNet, DropoutIsKeyed) {
  const at::NoGradGuard no_grad;
  const Example e;
  UNetOptions options = tiny();
  options.dropout = 0.5;
  auto unet = filled(options);
  const at::Tensor calm = unet->forward(e.x, e.t, {});
  EXPECT_TRUE(calm.equal(filled(tiny())->forward(e.x, e.t, {}))) << "nothing is dropped";
  unet->train();
  expect_error(ErrorCode::kInternal, "dropout", [&] { unet->forward(e.x, e.t, {}); });
  const auto drawn = [&](std::int64_t first, std::int64_t count, std::int64_t step) {
    unet->key_dropout(nn::Rng::of_run(5, first, count), step);
    return unet->forward(e.x.narrow(0, first, count), e.t.narrow(0, first, count), {});
  };
  const at::Tensor once = drawn(0, 3, 7);
  EXPECT_TRUE(once.equal(drawn(0, 3, 7)));
  EXPECT_GT(largest(once - drawn(0, 3, 8)), 1e-3);
  EXPECT_GT(largest(once - calm), 1e-3);
  EXPECT_LT(largest(once[1] - drawn(1, 1, 7)[0]), 1e-5) << "a row's numbers are its own";
}

TEST(UNet, DropoutKeepsTheMean) {
  const at::NoGradGuard no_grad;
  UNetOptions o = tiny();
  o.dropout = 0.25;
  UNetResidualBlock block(ResidualBlockShape{.inputs = 8, .outputs = 8}, o);
  test::fill_parameters(*block, 0.0);
  // swish(norm2) is constant where norm2's weight is 0, and the last convolution adds it up.
  block->named_parameters()["norm2.bias"].fill_(1.0);
  block->named_parameters()["out.weight"].select(2, 1).select(2, 1).fill_(0.125);
  block->train();
  const at::Tensor x = at::zeros({8, 8, 16, 16});
  const DropoutKey key{.rng = nn::Rng::of_run(1, 0, 8), .step = 1};
  const at::Tensor y = block(x, at::zeros({8, o.time_channels()}), key);
  const double whole = 1.0 / (1.0 + std::exp(-1.0));
  EXPECT_NEAR(y.mean().item<double>(), whole, 0.01);
  EXPECT_NEAR(y.var().item<double>(), whole * whole * (0.25 / 0.75) / 8, 0.002);
}

TEST(UNet, RunsInHalfPrecision) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const UNetOptions& options : variants()) {
    auto unet = filled(options);
    const at::Tensor exact = unet->forward(e.x, e.t, e.known);
    unet->to(at::kBFloat16);
    const at::Tensor half = unet->forward(e.x, e.t, e.known);
    EXPECT_EQ(half.scalar_type(), at::kFloat);
    EXPECT_LT(largest(half - exact), 0.1 * largest(exact));
  }
}

TEST(UNet, RefusesWhatCannotBe) {
  const Example e;
  const auto refused = [](const std::string& part, const auto& change) {
    UNetOptions options = tiny();
    change(options);
    expect_error(ErrorCode::kInvalidArgument, part, [&] { options.validate(); });
  };
  refused("norm_groups is 3", [](UNetOptions& o) { o.norm_groups = 3; });
  refused("side must be a multiple of 2", [](UNetOptions& o) { o.side = 7; });
  refused("heads is 3", [](UNetOptions& o) { o.heads = 3; });
  refused("resample must be one of", [](UNetOptions& o) { o.resample = "bicubic"; });
  refused("dropout must lie in [0, 1)", [](UNetOptions& o) { o.dropout = 1.0; });
  refused("pooled_text needs", [](UNetOptions& o) { o.pooled_text = true; });
  refused("channel_multipliers", [](UNetOptions& o) { o.channel_multipliers = {}; });
  expect_error(ErrorCode::kInvalidArgument, "learned_variance is false", [] {
    make_unet(tiny(), kLearned);
  });
  expect_error(ErrorCode::kShapeMismatch, "x_t must be [B, 3, H, W]", [&] {
    filled(tiny())->forward(at::zeros({1, 4, 8, 8}), at::ones({1}, at::kLong), {});
  });
  expect_error(ErrorCode::kShapeMismatch, "multiples of 2", [&] {
    filled(tiny())->forward(at::zeros({1, 3, 7, 8}), at::ones({1}, at::kLong), {});
  });
  expect_error(ErrorCode::kShapeMismatch, "must be a text", [&] {
    filled(variants()[4])->forward(e.x, e.t, {});
  });
}

}  // namespace
}  // namespace tessera::diffusion
