#include <array>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"
#include "vqvae/quantizer.h"

namespace tessera::vqvae {
namespace {

std::shared_ptr<Quantizer> make_ema(std::int64_t codes, std::int64_t dim, double beta = 1.0) {
  return make_quantizer(
      {.codebook_size = codes, .code_dim = dim, .quantizer = "ema", .commitment_weight = beta});
}

struct State {
  at::Tensor embedding{};
  at::Tensor cluster_size{};
  at::Tensor embedding_avg{};
};

/// The buffers themselves, by the names a checkpoint has.
State state_of(Quantizer& quantizer) {
  auto buffers = quantizer.named_buffers();
  return {buffers["embedding"], buffers["cluster_size"], buffers["embedding_avg"]};
}

void set_codes(Quantizer& quantizer, const at::Tensor& codes, const at::Tensor& sizes) {
  const State state = state_of(quantizer);
  state.embedding.copy_(codes);
  state.cluster_size.copy_(sizes);
  state.embedding_avg.copy_(codes * sizes.unsqueeze(1));
}

/// [R, D] -> [1, D, 1, R], as if the rows were pixels.
at::Tensor as_features(const at::Tensor& rows) {
  return rows.t().unsqueeze(0).unsqueeze(2);
}

TEST(EmaQuantizer, AgreesWithThePublishedQuantiser) {
  // Numbers computed with the authors' EMA quantiser (VQ-Diffusion's ITHQ codec), float32.
  const auto quantizer = make_ema(2, 2);
  set_codes(*quantizer, at::tensor({0.F, 0.F, 1.F, 1.F}).view({2, 2}), at::tensor({2.F, 2.F}));
  const at::Tensor z = as_features(at::tensor({.2F, .1F, .9F, 1.2F, 1.1F, .6F}).view({3, 2}));
  const Quantized q = quantizer->quantize(z, {}, true);
  EXPECT_TRUE(q.indices.equal(at::tensor({0, 1, 1}, at::kLong).view({1, 1, 3})));
  EXPECT_NEAR(q.loss.item<double>(), 0.045, 1e-7);
  quantizer->update(quantizer->statistics(z, q.indices));
  const State state = state_of(*quantizer);
  EXPECT_TRUE(state.cluster_size.allclose(at::tensor({1.99F, 2.F})));
  EXPECT_TRUE(state.embedding_avg.allclose(
      at::tensor({.002F, .001F, 2.F, 1.998F}).view({2, 2}), 1e-5, 1e-7));
  EXPECT_TRUE(state.embedding.allclose(
      at::tensor({0.0010050251F, 0.00050251256F, 1.F, 0.99900001F}).view({2, 2}), 1e-5, 1e-7));
}

TEST(EmaQuantizer, UpdateFollowsTheFormulaInFloat64) {
  constexpr std::size_t kCodes = 5;
  constexpr std::size_t kRows = 40;
  const auto quantizer = make_ema(kCodes, 1);
  quantizer->to(at::kDouble);
  const at::Tensor start = test::normal(1, {kCodes, 1});
  set_codes(*quantizer, start, at::full({kCodes}, 3.0, at::kDouble));
  std::array<double, kCodes> n{};
  std::array<double, kCodes> m{};
  std::array<double, kCodes> e{};
  for (std::size_t k = 0; k < kCodes; ++k) {
    n[k] = 3;
    e[k] = start[static_cast<std::int64_t>(k)].item<double>();
    m[k] = 3 * e[k];
  }
  for (std::uint64_t step = 0; step < 20; ++step) {
    const at::Tensor rows = test::normal(10 + step, {kRows, 1});
    const at::Tensor features = as_features(rows);
    quantizer->update(quantizer->statistics(features, quantizer->indices_of(features)));
    std::array<double, kCodes> count{};
    std::array<double, kCodes> sum{};
    for (std::size_t r = 0; r < kRows; ++r) {
      const double z = rows[static_cast<std::int64_t>(r)].item<double>();
      std::size_t best = 0;
      for (std::size_t k = 1; k < kCodes; ++k) {
        if (std::abs(z - e[k]) < std::abs(z - e[best])) best = k;
      }
      count[best] += 1;
      sum[best] += z;
    }
    double total = 0;
    for (std::size_t k = 0; k < kCodes; ++k) {
      n[k] = 0.99 * n[k] + 0.01 * count[k];
      m[k] = 0.99 * m[k] + 0.01 * sum[k];
      total += n[k];
    }
    for (std::size_t k = 0; k < kCodes; ++k) {
      e[k] = m[k] / ((n[k] + 1e-5) / (total + kCodes * 1e-5) * total);
    }
  }
  for (std::size_t k = 0; k < kCodes; ++k) {
    EXPECT_NEAR(quantizer->codebook()[static_cast<std::int64_t>(k)].item<double>(), e[k], 1e-12);
  }
}

TEST(EmaQuantizer, StatisticsOfTwoHalvesAddUpToTheWhole) {
  const auto quantizer = make_ema(6, 3);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  const at::Tensor features = test::normal(2, {4, 3, 5, 2}).to(at::kFloat);
  const at::Tensor indices = quantizer->indices_of(features);
  const CodeStatistics whole = quantizer->statistics(features, indices);
  const CodeStatistics a = quantizer->statistics(features.slice(0, 0, 1), indices.slice(0, 0, 1));
  const CodeStatistics b = quantizer->statistics(features.slice(0, 1, 4), indices.slice(0, 1, 4));
  EXPECT_TRUE(whole.counts.equal(a.counts + b.counts));
  EXPECT_TRUE(whole.sums.allclose(a.sums + b.sums, 1e-5, 1e-6));
  EXPECT_EQ(whole.counts.sum().item<double>(), 40);
}

TEST(EmaQuantizer, GradientPassesStraightThrough) {
  const auto quantizer = make_ema(6, 3, 0.25);
  quantizer->to(at::kDouble);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  at::Tensor z = test::normal(3, {2, 3, 2, 2}).set_requires_grad(true);
  const at::Tensor weights = test::normal(4, z.sizes());
  const Quantized q = quantizer->quantize(z, {}, true);
  EXPECT_TRUE(q.vectors.allclose(quantizer->codes(q.indices)));
  (q.vectors * weights).sum().backward();
  EXPECT_TRUE(z.grad().equal(weights));
  // Commitment alone has a true derivative.
  test::expect_gradient(z, [&] { return quantizer->quantize(z, {}, true).loss; });
}

TEST(EmaQuantizer, RevivesDeadCodesAndUseRises) {
  const auto quantizer = make_ema(16, 2);
  // Eight clusters of features; four codes serve them all, twelve lie far away.
  const at::Tensor centres = 5 * test::normal(5, {8, 2}).to(at::kFloat);
  const at::Tensor rows =
      (centres.repeat({20, 1}) + 0.1 * test::normal(6, {160, 2})).to(at::kFloat);
  const at::Tensor features = as_features(rows);
  const at::Tensor codes = at::cat({centres.slice(0, 0, 4), at::full({12, 2}, 1000.F)});
  const at::Tensor sizes = at::cat({at::full({4}, 40.F), at::full({12}, 0.01F)});
  set_codes(*quantizer, codes, sizes);
  const auto used = [&] { return code_use(count_codes(quantizer->indices_of(features), 16)).used; };
  EXPECT_EQ(used(), 4);
  const nn::Rng rng = nn::Rng::of_run(7, 0, 1);
  EXPECT_EQ(quantizer->revive(features, rng, 20), 12);
  EXPECT_EQ(used(), 16);
  EXPECT_TRUE(
      quantizer->codebook().slice(0, 0, 4).equal(centres.slice(0, 0, 4)));  // live ones stay
  EXPECT_EQ(quantizer->revive(features, rng, 40), 0);  // they have time to prove themselves
  // A revived code that nobody updates otherwise keeps its place.
  const at::Tensor before = quantizer->codebook().clone();
  quantizer->update({.counts = at::zeros({16}), .sums = at::zeros({16, 2})});
  EXPECT_TRUE(quantizer->codebook().allclose(before, 1e-4, 1e-4));
}

TEST(EmaQuantizer, DrawsNewCodesInProportionToTheirError) {
  // Squared errors 1, 2, 7 to the only live code at 0; one dead code; many steps.
  const at::Tensor rows = at::tensor({1.F, std::sqrt(2.F), std::sqrt(7.F), 0.F}).view({4, 1});
  const at::Tensor features = as_features(rows);
  std::array<int, 4> drawn{};
  constexpr int kDraws = 2000;
  const nn::Rng rng = nn::Rng::of_run(11, 0, 1);
  const auto draw = [&](std::int64_t step) {
    const auto quantizer = make_ema(2, 1);
    set_codes(*quantizer, at::tensor({0.F, 100.F}).view({2, 1}), at::tensor({4.F, 0.F}));
    EXPECT_EQ(quantizer->revive(features, rng, step), 1);
    return quantizer->codebook()[1].item<float>();
  };
  for (int step = 0; step < kDraws; ++step) {
    const float code = draw(step);
    for (std::size_t r = 0; r < 4; ++r) {
      if (rows[static_cast<std::int64_t>(r)].item<float>() == code) ++drawn[r];
    }
  }
  EXPECT_EQ(draw(3), draw(3));
  const std::array<double, 4> expected = {0.1, 0.2, 0.7, 0.0};
  for (std::size_t r = 0; r < 4; ++r) {
    const double sigma = std::sqrt(kDraws * expected[r] * (1 - expected[r]));
    EXPECT_NEAR(drawn[r], kDraws * expected[r], 4 * sigma) << r;
  }
}

TEST(EmaQuantizer, RefusesStatisticsOfAnotherCodebook) {
  const auto quantizer = make_ema(4, 2);
  test::expect_error(ErrorCode::kShapeMismatch, "[5, 2]", [&] {
    quantizer->update({.counts = at::zeros({5}), .sums = at::zeros({5, 2})});
  });
  test::expect_error(ErrorCode::kShapeMismatch, "[1, 3, 1, 1]", [&] {
    quantizer->indices_of(at::zeros({1, 3, 1, 1}));
  });
}

}  // namespace
}  // namespace tessera::vqvae
