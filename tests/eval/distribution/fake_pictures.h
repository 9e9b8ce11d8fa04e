#pragma once

#include <atomic>
#include <cstdint>
#include <set>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/features/feature_extractor.h"
#include "eval/images/picture_set.h"

namespace tessera::eval::test {

/// Pictures whose only level tells their number; some cannot be read.
class NumberedPictures final : public PictureSet {
 public:
  NumberedPictures(std::int64_t count, std::set<std::int64_t> broken)
      : count_(count), broken_(std::move(broken)) {}
  std::int64_t size() const override { return count_; }
  std::string name(std::int64_t index) const override { return concat(index, ".png"); }
  at::Tensor load(std::int64_t index) const override {
    ++loads;
    TESSERA_CHECK(broken_.count(index) == 0, kCorruptFile, index, ".png: cut short");
    return at::full({2, 2, 3}, index % 251, at::kByte);
  }
  std::string title() const override { return "numbers"; }
  std::string fingerprint() const override { return "numbers"; }

  mutable std::atomic<int> loads = 0;

 private:
  std::int64_t count_;
  std::set<std::int64_t> broken_;
};

/// Features of a picture of level v: pooled (v, v^2 / 100, 1), spatial (v, -v), logits (v / 50, 0).
class LevelFeatures final : public FeatureExtractor {
 public:
  const FeatureFacts& facts() const override { return facts_; }
  at::Tensor prepare(const at::Tensor& picture) const override {
    return picture.to(at::kFloat).mean().view({1});
  }
  Features extract(const at::Tensor& inputs) const override {
    ++batches;
    const at::Tensor v = inputs.view({-1, 1});
    return {.pooled = at::cat({v, v * v / 100, at::ones_like(v)}, 1),
            .spatial = at::cat({v, -v}, 1),
            .logits = at::cat({v / 50, at::zeros_like(v)}, 1)};
  }

  mutable int batches = 0;

 private:
  FeatureFacts facts_{.name = "level",
                      .weights = "0123456789abcdef",
                      .preprocessing = "mean",
                      .dims = 3,
                      .spatial = 2,
                      .classes = 2};
};

}  // namespace tessera::eval::test
