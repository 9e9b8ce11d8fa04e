// The sampling path with packed products, held to forward() in float32.

#include "diffusion/denoisers/packed_blocks.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/diffusion/denoisers/examples.h"
#include "tests/support/expect_error.h"

namespace tessera::diffusion {
namespace {

/// Those that this processor knows.
std::vector<nn::Precision> precisions() {
  if (!nn::takes_bfloat16()) return {nn::Precision::kInt8};
  return {nn::Precision::kBfloat16, nn::Precision::kInt8};
}

double relative(const at::Tensor& found, const at::Tensor& want) {
  return ((found - want).norm() / want.norm()).item<double>();
}

at::Tensor packed_answer(DiscreteDenoiser& denoiser,
                         const at::Tensor& x,
                         const nn::Condition& text,
                         std::int64_t time) {
  auto prepared = denoiser.make_prepared();
  prepared->prepare(text);
  prepared->prepare(std::vector<std::int64_t>{9, time});
  return prepared->step(x, 1);
}

TEST(PackedBlocks, AnswerLikeForwardToTheirPrecision) {
  const at::NoGradGuard no_grad;
  const Example e;
  for (const nn::Precision precision : precisions()) {
    for (const TransformerOptions& options : all_variants()) {
      const at::Tensor want = model(options)->forward(e.x, at::full({3}, 4, at::kLong), e.text);
      auto denoiser = model(options);
      denoiser->answer_in(precision);
      const at::Tensor found = packed_answer(*denoiser, e.x, e.text, 4);
      EXPECT_EQ(found.scalar_type(), at::kFloat);
      EXPECT_LT(relative(found, want), 0.03) << name(options);
      const bool exact = largest(found - want) < 1e-5;
      EXPECT_EQ(exact, !can_pack(options, at::kCPU)) << name(options) << ": was it packed at all?";
    }
  }
}

TEST(PackedBlocks, APictureDoesNotDependOnTheOthersOfItsBatch) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model();
  denoiser->answer_in(nn::Precision::kInt8);
  const at::Tensor all = packed_answer(*denoiser, e.x, e.text, 4);
  for (std::int64_t row = 0; row < 3; ++row) {
    const at::Tensor alone =
        packed_answer(*denoiser, e.x.narrow(0, row, 1), rows(e.text, at::tensor({row})), 4);
    EXPECT_LT(largest(alone - all.narrow(0, row, 1)), 1e-5) << row;
  }
}

TEST(PackedBlocks, PromptsOfOneCanvasShareIt) {
  const at::NoGradGuard no_grad;
  const Example e;
  const nn::Condition twice = nn::concatenate(rows(e.text, at::tensor({2, 0, 1})), e.text);
  for (const nn::Precision precision : precisions()) {
    for (const TransformerOptions& options : all_variants()) {
      if (options.condition == "none") continue;
      auto denoiser = model(options);
      denoiser->answer_in(precision);
      const at::Tensor apart = packed_answer(*denoiser, at::cat({e.x, e.x}), twice, 4);
      EXPECT_LT(largest(packed_answer(*denoiser, e.x, twice, 4) - apart), 1e-5) << name(options);
    }
  }
}

TEST(PackedBlocks, GiveUpTheWeightsThatTheyReplace) {
  const at::NoGradGuard no_grad;
  const Example e;
  auto denoiser = model();
  denoiser->answer_in(nn::Precision::kInt8);
  EXPECT_NO_THROW(denoiser->forward(e.x, e.t, e.text)) << "nothing is packed before it is needed";
  packed_answer(*denoiser, e.x, e.text, 4);
  EXPECT_EQ(denoiser->named_parameters()["blocks.0.mlp.up.weight"].numel(), 0);
  test::expect_error(ErrorCode::kInvalidArgument, "packed for drawing alone", [&] {
    denoiser->forward(e.x, e.t, e.text);
  });
  EXPECT_LT(
      largest(packed_answer(*denoiser, e.x, e.text, 4) - packed_answer(*denoiser, e.x, e.text, 4)),
      1e-9)
      << "prepared again and again";
}

}  // namespace
}  // namespace tessera::diffusion
