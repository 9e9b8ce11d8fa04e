// Published names: tensors go to where the map says, and every misfit is named.

#include "pipeline/published/name_map.h"

#include <limits>

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "tests/support/expect_error.h"

namespace tessera::pipeline {
namespace {

using test::expect_error;

/// One product of stacked rows, and one matrix.
struct Small : torch::nn::Module {
  Small() {
    stacked = register_parameter("stacked", at::zeros({6, 2}));
    matrix = register_parameter("matrix", at::zeros({2, 3}));
  }
  at::Tensor stacked;
  at::Tensor matrix;
};

NameMap map_of_small() {
  return {.entries = {{"stacked", {"q", "k", "v"}}, {"matrix", {"conv.weight"}}},
          .ignored = {"loss.*", "*.mask"}};
}

io::StateDict published_small() {
  return {.tensors = {{"q", at::full({2, 2}, 1.0, at::kHalf)},
                      {"k", at::full({2, 2}, 2.0)},
                      {"v", at::full({2, 2}, 3.0)},
                      {"conv.weight", at::arange(6, at::kFloat).view({2, 3, 1, 1})},
                      {"loss.logvar", at::zeros({})},
                      {"blocks.0.mask", at::zeros({4})}}};
}

TEST(NameMapTest, RowsAreStackedAndWindowsSqueezed) {
  Small module;
  load_published(module, published_small(), map_of_small(), "file");
  EXPECT_TRUE(at::equal(module.stacked.select(1, 0), at::tensor({1.f, 1.f, 2.f, 2.f, 3.f, 3.f})));
  EXPECT_TRUE(at::equal(module.matrix, at::arange(6, at::kFloat).view({2, 3})));
}

TEST(NameMapTest, EveryMisfitIsNamed) {
  Small module;
  io::StateDict published = published_small();
  published.tensors.erase("k");
  published.tensors["conv.weight"] = at::zeros({2, 3, 3, 3});
  published.tensors["stray"] = at::zeros({1});
  expect_error(ErrorCode::kShapeMismatch, "file does not fit the network", [&] {
    load_published(module, published, map_of_small(), "file");
  });
  for (const char* part : {"missing (1): k", "unexpected (1): stray", "conv.weight [2, 3, 3, 3]"}) {
    expect_error(ErrorCode::kShapeMismatch, part, [&] {
      load_published(module, published, map_of_small(), "file");
    });
  }
  EXPECT_TRUE(at::equal(module.stacked, at::zeros({6, 2}))) << "nothing was loaded";
}

TEST(NameMapTest, WeightsThatAreNotNumbersAreNamed) {
  Small module;
  io::StateDict published = published_small();
  published.tensors["k"].fill_(std::numeric_limits<float>::quiet_NaN());
  expect_error(ErrorCode::kCorruptFile, "file: \"k\" holds values that are not numbers", [&] {
    load_published(module, published, map_of_small(), "file");
  });
}

TEST(NameMapTest, AMapThatDoesNotTellOfAllIsABug) {
  Small module;
  NameMap map = map_of_small();
  map.entries.pop_back();
  expect_error(ErrorCode::kInternal, "tells nothing of \"matrix\"", [&] {
    load_published(module, published_small(), map, "file");
  });
}

TEST(NameMapTest, ThereAndBack) {
  Small module;
  load_published(module, published_small(), map_of_small(), "file");
  const io::StateDict back = to_published(io::state_of(module), map_of_small());
  ASSERT_EQ(back.tensors.size(), 4u);
  Small again;
  load_published(again, back, map_of_small(), "file");
  EXPECT_TRUE(at::equal(again.stacked, module.stacked));
  EXPECT_TRUE(at::equal(again.matrix, module.matrix));
}

}  // namespace
}  // namespace tessera::pipeline
