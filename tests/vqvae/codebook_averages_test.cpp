#include "vqvae/codebook_averages.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::vqvae {
namespace {

using Weights = std::map<std::string, at::Tensor>;

Weights ema_weights() {
  return {{"encoder.leave.bias", at::ones({3})},
          {"quantizer.embedding", at::arange(6, at::kFloat).view({3, 2})},
          {"quantizer.embedding_avg", at::arange(6, at::kFloat).view({3, 2}) * 4},
          {"quantizer.cluster_size", at::full({3}, 4.0f)}};
}

TEST(CodebookAverages, WhatIsPutBackGivesTheSameCodebook) {
  Weights weights = ema_weights();
  drop_codebook_averages(weights);
  EXPECT_EQ(weights.size(), 2u);
  restore_codebook_averages(weights, {.quantizer = "ema"});
  ASSERT_EQ(weights.size(), 4u);
  const at::Tensor codebook =
      weights.at("quantizer.embedding_avg") / weights.at("quantizer.cluster_size").unsqueeze(1);
  EXPECT_TRUE(codebook.equal(weights.at("quantizer.embedding")));
}

TEST(CodebookAverages, ThoseThatAreThereStay) {
  Weights weights = ema_weights();
  restore_codebook_averages(weights, {.quantizer = "ema"});
  EXPECT_EQ(weights.at("quantizer.cluster_size")[0].item<float>(), 4.0f);
}

TEST(CodebookAverages, OtherQuantisersHaveNone) {
  Weights weights = ema_weights();
  drop_codebook_averages(weights);
  restore_codebook_averages(weights, {.quantizer = "straight-through"});
  EXPECT_EQ(weights.size(), 2u);
}

}  // namespace
}  // namespace tessera::vqvae
