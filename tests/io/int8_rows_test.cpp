#include "io/int8_rows.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

StateDict example() {
  const at::Tensor ramp = at::arange(8192, at::kFloat);
  return {.tensors = {{"kernel", ((ramp * 0.37).sin() * (ramp * 0.011).cos()).view({32, 64, 2, 2})},
                      {"bias", at::linspace(-1, 1, 64)},
                      {"count", at::tensor({7}, at::kLong)}},
          .metadata = {{"by", "a test"}}};
}

TEST(Int8Rows, ErrsByHalfAScaleAtMostAndKeepsTheLargestOfEachRow) {
  const StateDict weights = example();
  const StateDict stored = to_int8_rows(weights);
  const at::Tensor& scale = stored.tensors.at("kernel.int8_scale");
  ASSERT_EQ(scale.sizes(), at::IntArrayRef({32}));
  EXPECT_EQ(stored.tensors.at("kernel").scalar_type(), at::kChar);
  EXPECT_EQ(stored.tensors.at("bias").scalar_type(), at::kBFloat16);
  const StateDict back = from_int8_rows(stored, "x");
  const at::Tensor truth = weights.tensors.at("kernel").flatten(1);
  const at::Tensor error = (back.tensors.at("kernel").flatten(1) - truth).abs();
  EXPECT_TRUE((error <= scale.unsqueeze(1) * 0.5001).all().item<bool>());
  EXPECT_GT(error.max().item<float>(), 0);
  const at::Tensor largest = std::get<1>(truth.abs().max(1, true));
  EXPECT_LT(error.gather(1, largest).max().item<float>(), 1e-6);
  EXPECT_EQ(back.tensors.at("count").item<std::int64_t>(), 7);
  EXPECT_EQ(back.metadata, weights.metadata);
}

TEST(Int8Rows, ComesBackFromAFileAsWeights) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "x", cast(example(), at::kChar));
  EXPECT_LT(std::filesystem::file_size(folder / "x"), 8192U + 1024U);
  const StateDict read = read_state_dict(folder / "x");
  ASSERT_EQ(read.tensors.size(), 3U);
  EXPECT_EQ(read.tensors.at("kernel").scalar_type(), at::kFloat);
  EXPECT_TRUE(read.tensors.at("kernel").equal(
      from_int8_rows(to_int8_rows(example()), "x").tensors.at("kernel")));
}

TEST(Int8Rows, ARowOfZerosStaysZero) {
  StateDict weights{.tensors = {{"x", at::ones({2, 4096})}}};
  weights.tensors.at("x")[1].zero_();
  const at::Tensor back = from_int8_rows(to_int8_rows(weights), "x").tensors.at("x");
  EXPECT_TRUE(back.equal(weights.tensors.at("x")));
}

TEST(Int8Rows, RefusesScalesThatAreMissingOrOfAnotherShape) {
  for (const at::Tensor& scale :
       {at::Tensor(), at::ones({31}), at::ones({32, 1}), at::ones({32}, at::kDouble)}) {
    StateDict stored = to_int8_rows(example());
    stored.tensors.erase("kernel.int8_scale");
    if (scale.defined()) stored.tensors.emplace("kernel.int8_scale", scale);
    test::expect_error(
        ErrorCode::kCorruptFile, "needs a float32 scale", [&] { from_int8_rows(stored, "x"); });
  }
  StateDict stray = to_int8_rows(example());
  stray.tensors.erase("kernel");
  test::expect_error(
      ErrorCode::kCorruptFile, "scales nothing", [&] { from_int8_rows(stray, "x"); });
}

}  // namespace
}  // namespace tessera::io
