// Batches of prompts taken apart and put together, with and without masks.

#include "nn/condition.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::nn {
namespace {

TEST(ConditionTest, RowsGoAndComeBack) {
  const Condition all{.tokens = at::arange(24, at::kFloat).view({3, 4, 2}),
                      .mask = at::arange(12).view({3, 4}) % 2 == 0};
  const Condition last = rows_of(all, 1, 2);
  EXPECT_EQ(last.tokens.sizes(), (at::IntArrayRef{2, 4, 2}));
  const Condition again = concatenate(rows_of(all, 0, 1), last);
  EXPECT_TRUE(at::equal(again.tokens, all.tokens));
  EXPECT_TRUE(at::equal(again.mask, all.mask));
}

TEST(ConditionTest, NoMaskMeansThatAllIsReal) {
  const Condition open{.tokens = at::zeros({1, 3, 2})};
  EXPECT_FALSE(concatenate(open, open).mask.defined());
  EXPECT_FALSE(rows_of(open, 0, 1).mask.defined());
  const Condition padded{.tokens = at::zeros({1, 3, 2}),
                         .mask = at::tensor({1, 0, 0}).to(at::kBool).view({1, 3})};
  const at::Tensor mask = concatenate(open, padded).mask;
  EXPECT_TRUE(at::equal(mask, at::tensor({1, 1, 1, 1, 0, 0}).to(at::kBool).view({2, 3})));
}

TEST(ConditionTest, LabelsGoAndComeBack) {
  const Condition all{.labels = at::tensor({4, 7, 9})};
  EXPECT_TRUE(all.defined());
  const Condition again = concatenate(rows_of(all, 0, 1), rows_of(all, 1, 2));
  EXPECT_TRUE(at::equal(again.labels, all.labels));
  EXPECT_FALSE(again.tokens.defined());
  EXPECT_FALSE(again.mask.defined());
  EXPECT_FALSE(concatenate({}, rows_of(Condition{}, 0, 1)).defined());
}

TEST(ConditionTest, ATextAndAClassDoNotJoin) {
  const Condition text{.tokens = at::zeros({1, 3, 2})};
  const Condition label{.labels = at::tensor({4})};
  for (const auto& [above, below] : {std::pair(text, label), {label, text}, {text, {}}}) {
    test::expect_error(ErrorCode::kShapeMismatch, "both be", [&] { concatenate(above, below); });
  }
}

}  // namespace
}  // namespace tessera::nn
