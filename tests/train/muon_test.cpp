#include "train/optimizers/muon.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "nn/rng.h"

namespace tessera::train {
namespace {

at::Tensor noise(at::IntArrayRef shape, std::int64_t run) {
  return nn::Rng::of_run(5, run, 1).normal(Purpose::kInit, 0, shape).squeeze(0);
}

TEST(Orthogonalise, KeepsDirectionsAndLevelsSingularValues) {
  for (const auto& [rows, columns] : {std::pair{24, 24}, {16, 48}, {48, 16}}) {
    const at::Tensor g = noise({2, rows, columns}, rows);
    const at::Tensor x = orthogonalise(g);
    const auto [u, s, v] = at::linalg_svd(x.to(at::kDouble), false);
    // The published quintic ends in about [0.68, 1.13]; directions hardly excited stay lower.
    EXPECT_GT(s.median().item<double>(), 0.65);
    EXPECT_LT(s.max().item<double>(), 1.25);
    const auto [gu, gs, gv] = at::linalg_svd(g.to(at::kDouble), false);
    const at::Tensor nearest =
        gu.matmul(gv);  // the semi-orthogonal factor of the polar decomposition
    const double alignment = ((nearest * x).sum() / (nearest.norm() * x.norm())).item<double>();
    EXPECT_GT(alignment, 0.97) << rows << "x" << columns;
  }
}

TEST(Muon, HiddenMatricesAreNeitherTablesNorHeadsNorVectors) {
  const auto hidden = [](const char* name, at::IntArrayRef shape) {
    return Muon::is_hidden_matrix({name, at::zeros(shape)});
  };
  EXPECT_TRUE(hidden("transformer.blocks.0.self.query.weight", {4, 4}));
  EXPECT_TRUE(hidden("encoder.level0_enter.weight", {8, 3, 3, 3}));
  EXPECT_FALSE(hidden("transformer.blocks.0.self.query.bias", {4}));
  EXPECT_FALSE(hidden("transformer.code.weight", {9, 4}));
  EXPECT_FALSE(hidden("transformer.head.weight", {8, 4}));
  EXPECT_FALSE(hidden("transformer.null", {6, 4}));
  EXPECT_FALSE(hidden("text_encoder.pieces.weight", {40, 4}));
}

TEST(Muon, UpdateHasTheSizeOfAdamWs) {
  const at::Tensor w = at::zeros({64, 32});
  Muon muon({{"layer.weight", w}}, {.kind = "muon", .weight_decay = 0.0});
  muon.step({noise({64, 32}, 9) * 1e-4}, 0.01);
  const double rms = w.square().mean().sqrt().item<double>();
  // A semi-orthogonal [64, 32] has an RMS of 1/8; times 0.2 sqrt(64): about 0.2 of the learning
  // rate.
  EXPECT_NEAR(rms, 0.01 * 0.2, 0.01 * 0.04);
}

TEST(Muon, OtherParametersFollowAdamW) {
  const at::Tensor by_muon = at::ones({3});
  const at::Tensor by_adamw = at::ones({3});
  Muon muon({{"hidden.weight", at::zeros({2, 2})}, {"bias", by_muon}}, {.kind = "muon"});
  AdamW adamw({{"bias", by_adamw}}, {});
  for (int step = 0; step < 3; ++step) {
    muon.step({at::ones({2, 2}), at::full({3}, 0.3)}, 0.1);
    adamw.step({at::full({3}, 0.3)}, 0.1);
  }
  EXPECT_TRUE(by_muon.equal(by_adamw));
}

TEST(Muon, LearnsALinearMapFasterThanNotAtAll) {
  const at::Tensor target = noise({8, 8}, 3);
  const at::Tensor inputs = noise({64, 8}, 4);
  const at::Tensor w = at::zeros({8, 8});
  Muon muon({{"w.weight", w}}, {.kind = "muon", .weight_decay = 0});
  for (int step = 0; step < 200; ++step) {
    const at::Tensor error = inputs.matmul((w - target).t());
    muon.step({error.t().matmul(inputs)}, step < 150 ? 0.1 : 0.01);
  }
  EXPECT_LT((w - target).abs().max().item<double>(), 0.1);
}

}  // namespace
}  // namespace tessera::train
