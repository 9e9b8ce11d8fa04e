// The published networks that differ from the text model: classes, no condition, convolutions,
// position tables read in order, no null of their own, weights in bfloat16.

#include <gtest/gtest.h>

#include "tests/diffusion/denoisers/examples.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

using test::expect_error;

TEST(TransformerVariants, WithoutALearnedNullThereIsNone) {
  TransformerOptions options = tiny();
  options.learned_null = false;
  auto denoiser = model(options);
  EXPECT_FALSE(denoiser->null_condition(2).defined());
  EXPECT_EQ(denoiser->named_parameters().find("null"), nullptr);
}

TransformerOptions of_classes() {
  TransformerOptions options = textless_variants().front();
  EXPECT_EQ(options.condition, "class");
  return options;
}

TEST(TransformerVariants, TheNullClassIsTheLastOrTheMean) {
  TransformerOptions options = of_classes();
  EXPECT_TRUE(at::equal(model(options)->null_condition(2).labels, at::tensor({2, 2})));
  options.learned_null = false;
  EXPECT_TRUE(at::equal(model(options)->null_condition(2).labels, at::tensor({3, 3})));
  options.condition = "none";
  EXPECT_FALSE(model(options)->null_condition(2).defined());
}

/// The tables' mean written into a row of its own is what a label beyond them stands for, picture
/// by picture; and it is the published null class.
TEST(TransformerVariants, ALabelBeyondTheTableIsTheMeanOfItsRows) {
  const at::NoGradGuard no_grad;
  const Example e;
  TransformerOptions options = of_classes();
  auto denoiser = model(options);
  options.classes = 4;
  auto wider = make_transformer(options);
  auto parameters = wider->named_parameters();
  for (const auto& item : denoiser->named_parameters()) {
    at::Tensor& target = parameters[item.key()];
    if (item.key().ends_with("mlp_class.table.weight")) {
      target.copy_(at::cat({item.value(), item.value().mean(0, true)}));
    } else {
      target.copy_(item.value());
    }
  }
  const auto differs = [&](std::vector<std::int64_t> labels, std::vector<std::int64_t> same) {
    return largest(denoiser->forward(e.x, e.t, {.labels = at::tensor(labels)}) -
                   wider->forward(e.x, e.t, {.labels = at::tensor(same)}));
  };
  EXPECT_LT(differs({0, 1, 2}, {0, 1, 2}), 1e-6);
  EXPECT_LT(differs({1000, 1, 3}, {3, 1, 3}), 1e-6);
  EXPECT_LT(differs({1, 1000, 2}, {1, 3, 2}), 1e-6);
  EXPECT_GT(differs({1000, 1, 3}, {3, 3, 3}), 1e-3);
}

/// A class enters before the MLP alone: with the MLP's last product silent it does not matter.
TEST(TransformerVariants, AClassEntersInTheMlp) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model(of_classes());
  const auto change = [&] {
    return largest(denoiser->forward(e.x, e.t, {.labels = at::tensor({0, 0, 0})}) -
                   denoiser->forward(e.x, e.t, {.labels = at::tensor({1, 2, 1})}));
  };
  EXPECT_GT(change(), 1e-2);
  for (auto& item : denoiser->named_parameters()) {
    if (item.key().find("mlp.out.weight") != std::string::npos) item.value().zero_();
  }
  EXPECT_EQ(change(), 0.0);
}

TEST(TransformerVariants, NothingIsAskedOfAModelWithoutACondition) {
  const at::NoGradGuard no_grad;
  const Example e;
  TransformerOptions options = of_classes();
  options.condition = "none";
  auto denoiser = model(options);
  auto prepared = denoiser->make_prepared();
  prepared->prepare(nn::Condition{});
  prepared->prepare(std::vector<std::int64_t>{4});
  const at::Tensor t = at::full({3}, 4, at::kLong);
  EXPECT_LT(largest(prepared->step(e.x, 0) - denoiser->forward(e.x, t, {})), 1e-5);
}

/// Tables of side 4 for a grid of 2 rows and 3 columns: token i is at row i / 4, column i % 4.
TEST(TransformerVariants, ASideOfPositionTablesCountsInTheirOrder) {
  const at::NoGradGuard no_grad;
  const Example e;
  TransformerOptions options = tiny();
  options.position_side = 4;
  auto denoiser = model(options);
  const auto touched = [&](const char* table, std::int64_t row) {
    auto other = model(options);
    // every position sees every other, so the tables are told apart with attention silent
    for (auto* each : {denoiser.get(), other.get()}) {
      for (auto& item : each->named_parameters()) {
        if (item.key().ends_with("attention.out.weight")) item.value().zero_();
      }
    }
    // one channel of it: a norm does not see all of them rise
    other->named_parameters()[std::string(table) + ".weight"][row][0].add_(1.0);
    const at::Tensor change =
        (other->forward(e.x, e.t, e.text) - denoiser->forward(e.x, e.t, e.text)).abs().amax(-1);
    return change[0].gt(1e-4).to(at::kLong);
  };
  const auto positions = [](std::vector<std::int64_t> wanted) { return at::tensor(wanted); };
  EXPECT_TRUE(at::equal(touched("row", 0), positions({1, 1, 1, 1, 0, 0})));
  EXPECT_TRUE(at::equal(touched("row", 1), positions({0, 0, 0, 0, 1, 1})));
  EXPECT_TRUE(at::equal(touched("row", 2), positions({0, 0, 0, 0, 0, 0})));
  EXPECT_TRUE(at::equal(touched("column", 1), positions({0, 1, 0, 0, 0, 1})));
  EXPECT_TRUE(at::equal(touched("column", 3), positions({0, 0, 0, 1, 0, 0})));
  options.position_side = 0;
  denoiser = model(options);
  EXPECT_TRUE(at::equal(touched("row", 1), positions({0, 0, 0, 1, 1, 1})));
  EXPECT_TRUE(at::equal(touched("column", 1), positions({0, 1, 0, 0, 1, 0})));
}

TEST(TransformerVariants, Bfloat16WeightsAnswerInFloat32) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (TransformerOptions options : all_variants()) {
    options.width = 32;
    auto denoiser = make_transformer(options);
    test::fill_parameters(*denoiser, 0.1);
    denoiser->to(at::kBFloat16);
    const at::Tensor half = denoiser->forward(e.x, e.t, e.text);
    auto prepared = denoiser->make_prepared();
    prepared->prepare(std::vector<std::int64_t>{4});
    prepared->prepare(e.text);
    const at::Tensor step = prepared->step(e.x, 0);
    denoiser->to(at::kFloat);  // the weights as they were rounded
    const at::Tensor exact = denoiser->forward(e.x, e.t, e.text);
    EXPECT_EQ(half.scalar_type(), at::kFloat);
    EXPECT_EQ(step.scalar_type(), at::kFloat);
    EXPECT_LT(largest(half - exact), 4e-2) << name(options);
    EXPECT_LT(largest(step[2] - exact[2]), 4e-2) << name(options);
  }
}

TEST(TransformerVariants, GradientsOfTheVariantsMatchFiniteDifferences) {
  const Example e;
  const at::Tensor weight = test::normal_like(at::empty({3, 6, 5}), 2);
  for (TransformerOptions options : textless_variants()) {
    options.layers = 1;
    auto denoiser = model(options);
    denoiser->to(at::kDouble);
    const nn::Condition condition{
        .tokens = e.text.tokens.to(at::kDouble), .mask = e.text.mask, .labels = e.text.labels};
    SCOPED_TRACE(name(options));
    test::expect_gradients_match(*denoiser, [&] {
      return (denoiser->forward(e.x, e.t, condition).log_softmax(-1) * weight).sum();
    });
  }
}

TEST(TransformerVariants, AClassIsAskedFor) {
  const Example e;
  auto denoiser = model(of_classes());
  expect_error(ErrorCode::kShapeMismatch, "classes, [B]", [&] {
    denoiser->forward(e.x, e.t, {.tokens = e.text.tokens});
  });
}

}  // namespace
}  // namespace tessera::diffusion
