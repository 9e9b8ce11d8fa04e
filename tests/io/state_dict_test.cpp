#include "io/state_dict.h"

#include <limits>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

struct Inner : torch::nn::Module {
  Inner() { weight = register_parameter("weight", at::arange(6, at::kFloat).reshape({2, 3})); }
  at::Tensor weight{};
};
struct Outer : torch::nn::Module {
  Outer() {
    inner = register_module("inner", std::make_shared<Inner>());
    count = register_buffer("count", at::zeros({}, at::kLong));
  }
  std::shared_ptr<Inner> inner{};
  at::Tensor count{};
};

TEST(StateDict, NamesParametersAndBuffers) {
  const Outer outer;
  const StateDict state = state_of(outer);
  ASSERT_EQ(state.tensors.size(), 2U);
  EXPECT_TRUE(state.tensors.at("inner.weight").is_alias_of(outer.inner->weight));
  EXPECT_FALSE(state.tensors.at("inner.weight").requires_grad());
  EXPECT_EQ(state.tensors.at("count").scalar_type(), at::kLong);
}

TEST(StateDict, RoundTripsThroughAFileInHalfTheBytes) {
  const test::TemporaryFolder folder;
  Outer outer;
  outer.count.fill_(41);
  write_safetensors(folder / "x", cast(state_of(outer), at::kBFloat16));
  const StateDict read = read_state_dict(folder / "x");
  EXPECT_EQ(read.tensors.at("inner.weight").scalar_type(), at::kBFloat16);
  EXPECT_EQ(read.tensors.at("count").scalar_type(), at::kLong);
  Outer other;
  const at::Tensor same = other.inner->weight;
  {
    const at::NoGradGuard no_grad;
    other.inner->weight.zero_();
  }
  load_strictly(other, read, "x");
  EXPECT_TRUE(same.equal(outer.inner->weight));  // small whole numbers survive bfloat16
  EXPECT_EQ(same.scalar_type(), at::kFloat);
  EXPECT_TRUE(same.requires_grad());
  EXPECT_EQ(other.count.item<std::int64_t>(), 41);
}

TEST(StateDict, ListsAllThatDoesNotFitAndChangesNothing) {
  Outer outer;
  StateDict state;
  state.tensors["inner.weight"] = at::zeros({3, 2});
  state.tensors["more"] = at::zeros({1});
  state.tensors["other"] = at::zeros({1});
  const auto load = [&] { load_strictly(outer, state, "FILE"); };
  for (const char* part : {"FILE does not fit",
                           "missing (1): count",
                           "unexpected (2): more, other",
                           "inner.weight [3, 2] for [2, 3]"}) {
    test::expect_error(ErrorCode::kShapeMismatch, part, load);
  }
  EXPECT_EQ(outer.inner->weight.sum().item<float>(), 15.0F);
}

TEST(StateDict, WeightsThatAreNotNumbersAreNamed) {
  for (const double wrong :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (const at::ScalarType type : {at::kFloat, at::kHalf, at::kBFloat16}) {
      Outer outer;
      StateDict state;
      for (const auto& [name, tensor] : state_of(outer).tensors) {
        state.tensors.emplace(name, tensor.clone());
      }
      state.tensors["inner.weight"] = at::zeros({2, 3}, type);
      state.tensors["inner.weight"].select(0, 1).select(0, 2).fill_(wrong);
      test::expect_error(ErrorCode::kCorruptFile,
                         "FILE: \"inner.weight\" holds values that are not numbers",
                         [&] { load_strictly(outer, state, "FILE"); });
    }
  }
}

}  // namespace
}  // namespace tessera::io
