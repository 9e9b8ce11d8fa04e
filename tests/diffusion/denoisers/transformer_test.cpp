#include "diffusion/denoisers/transformer.h"

#include <string>

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/initialise.h"
#include "tests/diffusion/denoisers/examples.h"
#include "tests/support/devices.h"
#include "tests/support/expect_error.h"
#include "tests/support/finite_differences.h"

namespace tessera::diffusion {
namespace {

using test::expect_error;

TEST(Transformer, AnswersOneFloatACodeAndNoneForTheMask) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const TransformerOptions& options : all_variants()) {
    const at::Tensor logits = model(options)->forward(e.x, e.t, e.text);
    EXPECT_EQ(logits.sizes(), (std::vector<std::int64_t>{3, 6, 5})) << name(options);
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_TRUE(logits.isfinite().all().item<bool>());
  }
}

TEST(Transformer, PreparedEqualsForward) {
  const at::NoGradGuard no_grad;
  const Example e;
  const std::vector<std::int64_t> times{10, 7, 4, 1};
  for (const TransformerOptions& options : all_variants()) {
    auto denoiser = model(options);
    for (const bool text_first : {true, false}) {
      auto prepared = denoiser->make_prepared();
      if (text_first) prepared->prepare(e.text);
      prepared->prepare(times);
      if (!text_first) prepared->prepare(e.text);
      for (std::size_t row = 0; row < times.size(); ++row) {
        const at::Tensor t = at::full({3}, times[row], at::kLong);
        const at::Tensor found = prepared->step(e.x, static_cast<std::int64_t>(row));
        EXPECT_LT(largest(found - denoiser->forward(e.x, t, e.text)), 1e-5) << name(options);
      }
    }
  }
}

/// A GPU replays what it recorded of the second step: canvas, time and prompts change under it.
TEST(Transformer, AllStepsOfAPlanEqualForwardOnEveryDevice) {
  const at::NoGradGuard no_grad;
  const Example e;
  const std::vector<std::int64_t> times{10, 7, 4, 1, 8};
  for (const c10::Device device : test::devices()) {
    for (const TransformerOptions& options : all_variants()) {
      auto denoiser = model(options);
      denoiser->to(device);
      auto prepared = denoiser->make_prepared();
      prepared->prepare(times);
      for (const std::int64_t turn : {0, 1}) {
        const nn::Condition text = on(device, rows(e.text, at::arange(3).roll(turn)));
        prepared->prepare(text);
        for (std::int64_t row = 0; row < std::ssize(times); ++row) {
          const at::Tensor x = e.x.roll(row, 1).to(device);
          const at::Tensor t = at::full({3}, times[static_cast<std::size_t>(row)], x.options());
          EXPECT_LT(largest(prepared->step(x, row) - denoiser->forward(x, t, text)), 1e-5)
              << name(options) << ", " << device << ", row " << row;
        }
      }
    }
  }
}

TEST(Transformer, PromptsOfOneCanvasShareIt) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const TransformerOptions& options : all_variants()) {
    if (options.condition == "none") continue;
    auto prepared = model(options)->make_prepared();
    prepared->prepare(nn::concatenate(rows(e.text, at::tensor({2, 0, 1})), e.text));
    prepared->prepare(std::vector<std::int64_t>{9, 4});
    const at::Tensor apart = prepared->step(at::cat({e.x, e.x}), 1);
    const at::Tensor shared = prepared->step(e.x, 1);
    EXPECT_LT(largest(shared - apart), 1e-5) << name(options);
    EXPECT_GT(largest(shared.chunk(2)[0] - shared.chunk(2)[1]), 1e-3) << name(options);
    expect_error(
        ErrorCode::kShapeMismatch, "6 prompts were prepared, which is no multiple of 4", [&] {
          prepared->step(at::cat({e.x, e.x.narrow(0, 0, 1)}), 1);
        });
  }
}

TEST(Transformer, APreparedDenoiserTakesNewPromptsAndTimes) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model();
  auto prepared = denoiser->make_prepared();
  prepared->prepare(std::vector<std::int64_t>{3});
  prepared->prepare(e.text);
  const nn::Condition other = rows(e.text, at::tensor({2, 0}));
  prepared->prepare(other);
  const at::Tensor x = e.x.slice(0, 0, 2);
  EXPECT_LT(largest(prepared->step(x, 0) - denoiser->forward(x, at::full({2}, 3), other)), 1e-5);
  prepared->prepare(std::vector<std::int64_t>{9, 8});
  EXPECT_LT(largest(prepared->step(x, 1) - denoiser->forward(x, at::full({2}, 8), other)), 1e-5);
}

TEST(Transformer, PreparedWithoutItsPartsIsAnError) {
  const Example e;
  auto prepared = model()->make_prepared();
  expect_error(ErrorCode::kInvalidArgument, "row 0 of 0", [&] { prepared->step(e.x, 0); });
  prepared->prepare(std::vector<std::int64_t>{3});
  expect_error(ErrorCode::kInvalidArgument, "row 0", [&] { prepared->step(e.x, 0); });
  prepared->prepare(e.text);
  expect_error(ErrorCode::kInvalidArgument, "row 1 of 1", [&] { prepared->step(e.x, 1); });
  expect_error(ErrorCode::kInvalidArgument, "1 to 10, got 0", [&] {
    prepared->prepare(std::vector<std::int64_t>{0});
  });
  expect_error(ErrorCode::kInvalidArgument, "1 to 10, got 11", [&] {
    prepared->prepare(std::vector<std::int64_t>{11});
  });
}

TEST(Transformer, TimesAreOneToT) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const TransformerOptions& options : all_variants()) {
    auto denoiser = model(options);
    const auto at_time = [&](std::int64_t t) {
      return denoiser->forward(e.x, at::full({3}, t, at::kLong), e.text);
    };
    for (std::int64_t t = 1; t < 10; ++t) {
      EXPECT_GT(largest(at_time(t) - at_time(t + 1)), 1e-3) << name(options) << " t = " << t;
    }
    if (options.time_embedding == "table") {
      EXPECT_ANY_THROW(at_time(0));
      EXPECT_ANY_THROW(at_time(11));
    }
  }
}

TEST(Transformer, TableRowsArePublishedIndices) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model();
  const at::Tensor before = denoiser->forward(e.x, at::full({3}, 4), e.text);
  for (auto& item : denoiser->named_parameters()) {
    if (item.key().ends_with("table.weight")) item.value()[3].add_(1.0);  // t = 4 is index 3
  }
  EXPECT_GT(largest(denoiser->forward(e.x, at::full({3}, 4), e.text) - before), 1e-3);
  auto untouched = model();
  EXPECT_LT(largest(denoiser->forward(e.x, at::full({3}, 3), e.text) -
                    untouched->forward(e.x, at::full({3}, 3), e.text)),
            1e-6);
}

TEST(Transformer, ABatchIsItsRows) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const TransformerOptions& options : all_variants()) {
    auto denoiser = model(options);
    const at::Tensor together = denoiser->forward(e.x, e.t, e.text);
    for (std::int64_t i = 0; i < 3; ++i) {
      const at::Tensor one = at::tensor({i});
      const at::Tensor alone =
          denoiser->forward(e.x.index_select(0, one), e.t.index_select(0, one), rows(e.text, one));
      EXPECT_LT(largest(together[i] - alone[0]), 1e-5) << name(options);
    }
    const at::Tensor order = at::tensor({2, 0, 1});
    const at::Tensor permuted = denoiser->forward(
        e.x.index_select(0, order), e.t.index_select(0, order), rows(e.text, order));
    EXPECT_LT(largest(permuted - together.index_select(0, order)), 1e-5) << name(options);
  }
}

TEST(Transformer, PaddingOfTheTextDoesNotMatter) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const TransformerOptions& options : variants()) {
    auto denoiser = model(options);
    const at::Tensor before = denoiser->forward(e.x, e.t, e.text);
    const at::Tensor padding = e.text.mask.logical_not().unsqueeze(-1);
    nn::Condition other = e.text;
    other.tokens = at::where(padding, e.text.tokens + 100.0, e.text.tokens);
    EXPECT_LT(largest(denoiser->forward(e.x, e.t, other) - before), 1e-5) << name(options);
    other.tokens = at::where(padding, e.text.tokens, e.text.tokens + 1.0);
    EXPECT_GT(largest(denoiser->forward(e.x, e.t, other) - before), 1e-2) << name(options);
    const nn::Condition all{.tokens = e.text.tokens, .mask = at::ones_like(e.text.mask)};
    const nn::Condition no_mask{.tokens = e.text.tokens};
    EXPECT_LT(largest(denoiser->forward(e.x, e.t, all) - denoiser->forward(e.x, e.t, no_mask)),
              1e-5);
  }
}

TEST(Transformer, EveryPositionSeesEveryOther) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model();
  const at::Tensor before = denoiser->forward(e.x, e.t, e.text);
  at::Tensor x = e.x.clone();
  x[0][5] = 0;
  const at::Tensor change = (denoiser->forward(x, e.t, e.text) - before).abs().amax(-1);
  EXPECT_GT(change[0].min().item<double>(), 1e-6);
  EXPECT_LT(largest(change.slice(0, 1)), 1e-6);
}

TEST(Transformer, TheNullConditionIsLearned) {
  const Example e;
  auto denoiser = model();
  const nn::Condition null = denoiser->null_condition(3);
  EXPECT_EQ(null.tokens.sizes(), (std::vector<std::int64_t>{3, 4, 12}));
  EXPECT_TRUE(null.mask.all().item<bool>());
  EXPECT_TRUE(at::equal(null.tokens[0], null.tokens[2]));
  denoiser->forward(e.x, e.t, null).square().sum().backward();
  EXPECT_GT(largest(denoiser->named_parameters()["null"].grad()), 0.0);
}

TEST(Transformer, GradientsMatchFiniteDifferences) {
  const Example e;
  const at::Tensor weight = test::normal_like(at::empty({3, 6, 5}), 2);
  for (const char* time : {"table", "sinusoidal"}) {
    TransformerOptions options = tiny();
    options.time_embedding = time;
    options.mlp_adaln = std::string(time) == "table";
    auto denoiser = model(options);
    denoiser->to(at::kDouble);
    const nn::Condition text{.tokens = e.text.tokens.to(at::kDouble), .mask = e.text.mask};
    test::expect_gradients_match(*denoiser, [&] {
      return (denoiser->forward(e.x, e.t, text).log_softmax(-1) * weight).sum();
    });
  }
}

TEST(Transformer, Bfloat16AutocastStaysNearAndTrains) {
  const Example e;
  TransformerOptions options = tiny();
  options.width = 32;
  auto denoiser = make_transformer(options);
  test::fill_parameters(*denoiser, 0.1);
  const at::Tensor exact = denoiser->forward(e.x, e.t, e.text).detach();
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const at::Tensor fast = denoiser->forward(e.x, e.t, e.text);
  auto prepared = denoiser->make_prepared();
  prepared->prepare(std::vector<std::int64_t>{4});
  prepared->prepare(e.text);
  const at::Tensor step = prepared->step(e.x, 0);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  at::autocast::clear_cache();
  EXPECT_EQ(fast.scalar_type(), at::kFloat);
  EXPECT_EQ(step.scalar_type(), at::kFloat);
  EXPECT_LT(largest(fast.detach() - exact), 4e-2);
  EXPECT_LT(largest(step[2] - exact[2]), 4e-2);
  fast.square().sum().backward();
  for (const auto& item : denoiser->named_parameters()) {
    if (item.key() == "null") continue;
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
  }
}

TEST(Transformer, AFreshOneAnswersAboutUniformly) {
  const at::NoGradGuard no_grad;
  const Example e;
  TransformerOptions options = tiny();
  options.codes = 64;
  auto denoiser = make_transformer(options);
  nn::initialise(*denoiser, 1);
  const at::Tensor log_p = denoiser->forward(e.x, e.t, e.text).log_softmax(-1);
  EXPECT_NEAR(log_p.mean().item<double>(), -std::log(64.0), 1.0);
}

TEST(Transformer, WrongOptionsAreRefused) {
  const auto refuse = [](const std::string& part, auto change) {
    TransformerOptions o = tiny();
    change(o);
    expect_error(ErrorCode::kInvalidArgument, part, [&] { make_transformer(o); });
  };
  refuse("codes", [](auto& o) { o.codes = 1; });
  refuse("grid_height", [](auto& o) { o.grid_height = 0; });
  refuse("grid_width", [](auto& o) { o.grid_width = -1; });
  refuse("width", [](auto& o) { o.width = 15; });
  refuse("layers", [](auto& o) { o.layers = 0; });
  refuse("heads", [](auto& o) { o.heads = 0; });
  refuse("mlp_ratio", [](auto& o) { o.mlp_ratio = 0; });
  refuse("condition_width", [](auto& o) { o.condition_width = 0; });
  refuse("condition_length", [](auto& o) { o.condition_length = 0; });
  refuse("steps", [](auto& o) { o.steps = 0; });
  refuse("table, sinusoidal", [](auto& o) { o.time_embedding = "fourier"; });
  refuse("text, class, none", [](auto& o) { o.condition = "tex"; });
  refuse("linear, convolution", [](auto& o) { o.mlp = "linear, convolution,"; });
  refuse("classes", [](auto& o) { o.classes = 0; });
  refuse("position_side", [](auto& o) { o.position_side = -1; });
  refuse("side 2 do not hold a grid of 2x3", [](auto& o) { o.position_side = 2; });
  refuse("pooled_text needs a text", [](auto& o) { o.condition = "none"; });
  refuse("mlp_adaln", [](auto& o) {
    o.condition = "class";
    o.pooled_text = false;
  });
}

TEST(Transformer, WrongShapesAreRefused) {
  const Example e;
  auto denoiser = model();
  expect_error(ErrorCode::kShapeMismatch, "[B, 6]", [&] {
    denoiser->forward(e.x.slice(1, 0, 5), e.t, e.text);
  });
  expect_error(ErrorCode::kShapeMismatch, "[B, L, 12]", [&] {
    denoiser->forward(e.x, e.t, {.tokens = normal({3, 5, 11}, 1)});
  });
  expect_error(ErrorCode::kShapeMismatch, "[B, L, 12]", [&] { denoiser->forward(e.x, e.t, {}); });
}

}  // namespace
}  // namespace tessera::diffusion
