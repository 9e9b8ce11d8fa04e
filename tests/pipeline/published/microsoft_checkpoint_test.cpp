#include "pipeline/published/microsoft_checkpoint.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;

io::PickleValue tensor(double value) {
  return {.data = at::full({2}, value)};
}

io::PickleValue dict(std::vector<io::PickleEntry> entries) {
  return {.data = io::PickleDict{.entries = std::move(entries)}};
}

double value_of(const io::StateDict& state, const std::string& name) {
  return state.tensors.at(name)[0].item<double>();
}

io::PickleValue model() {
  return dict({{"transformer.a.weight", tensor(1)},
               {"transformer.b", tensor(2)},
               {"content_codec.a.weight", tensor(3)}});
}

TEST(MicrosoftCheckpoint, AveragesStandForTheDiffusionModule) {
  const auto checkpoint =
      microsoft_checkpoint(dict({{"last_epoch", {.data = std::int64_t{3}}},
                                 {"model", model()},
                                 {"ema", dict({{"a.weight", tensor(10)}})},
                                 {"optimizer_and_scheduler", dict({{"state", tensor(7)}})}}),
                           "file");
  EXPECT_TRUE(checkpoint.averaged);
  EXPECT_EQ(checkpoint.effective.tensors.size(), 3u) << "the optimiser is left out";
  EXPECT_EQ(value_of(checkpoint.effective, "transformer.a.weight"), 10);
  EXPECT_EQ(value_of(checkpoint.effective, "transformer.b"), 2);
  EXPECT_EQ(value_of(checkpoint.effective, "content_codec.a.weight"), 3);
  EXPECT_EQ(value_of(checkpoint.raw_model, "transformer.a.weight"), 1);
}

TEST(MicrosoftCheckpoint, KeysMayBeMissing) {
  for (const io::PickleValue& file :
       {dict({{"model", model()}}),
        dict({{"model", model()}, {"ema", {}}}),  // None
        dict({{"state_dict", model()}, {"epoch", {.data = std::int64_t{1}}}}),
        model()}) {
    const auto checkpoint = microsoft_checkpoint(file, "file");
    EXPECT_FALSE(checkpoint.averaged);
    EXPECT_EQ(checkpoint.effective.tensors.size(), 3u);
    EXPECT_EQ(value_of(checkpoint.raw_model, "transformer.b"), 2);
  }
  expect_error(ErrorCode::kCorruptFile, "file holds no tensors", [] {
    microsoft_checkpoint(dict({{"model", dict({})}}), "file");
  });
}

TEST(MicrosoftCheckpoint, AnAverageOfAnotherShapeIsNamed) {
  const io::PickleValue file =
      dict({{"model", model()}, {"ema", dict({{"b", {.data = at::zeros({3})}}})}});
  expect_error(ErrorCode::kShapeMismatch, "the average of \"transformer.b\" is [3]", [&] {
    microsoft_checkpoint(file, "file");
  });
}

TEST(MicrosoftCheckpoint, Parts) {
  const auto state = microsoft_checkpoint(model(), "file").effective;
  const io::StateDict part = part_of(state, "transformer.");
  EXPECT_EQ(part.tensors.size(), 2u);
  EXPECT_EQ(value_of(part, "a.weight"), 1);
  EXPECT_EQ(part.tensors.at("b").data_ptr(), state.tensors.at("transformer.b").data_ptr());
  EXPECT_TRUE(part_of(state, "absent.").tensors.empty());
}

}  // namespace
}  // namespace tessera::pipeline
