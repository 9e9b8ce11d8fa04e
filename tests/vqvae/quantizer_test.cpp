#include "vqvae/quantizer.h"

#include <array>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include "tests/support/expect_error.h"
#include "tests/vqvae/fixtures.h"
#include "vqvae/quantizers/gumbel.h"

namespace tessera::vqvae {
namespace {

VqVaeOptions small(const std::string& quantizer) {
  return {.codebook_size = 12, .code_dim = 4, .quantizer = quantizer};
}

nn::Noise noise_of(std::uint64_t seed, std::int64_t rows) {
  return {.rng = nn::Rng::of_run(seed, 0, rows)};
}

class EveryQuantizer : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Names,
                         EveryQuantizer,
                         ::testing::Values("ema", "straight-through", "gumbel"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EveryQuantizer, ACodeGetsItsOwnIndex) {
  const auto quantizer = make_quantizer(small(GetParam()));
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  const at::Tensor indices = at::arange(12).view({1, 3, 4});
  const at::Tensor vectors = quantizer->codes(indices);
  ASSERT_EQ(vectors.sizes(), at::IntArrayRef({1, 4, 3, 4}));
  EXPECT_TRUE(vectors[0].select(1, 1).select(1, 2).equal(quantizer->codebook()[6]));
  EXPECT_TRUE(quantizer->indices_of(vectors).equal(indices));
  const Quantized q = quantizer->quantize(vectors, {}, false);
  EXPECT_TRUE(q.indices.equal(indices));
  EXPECT_TRUE(q.vectors.allclose(vectors));
}

TEST_P(EveryQuantizer, CodebookStartsFromDistinctFeatures) {
  const auto quantizer = make_quantizer(small(GetParam()));
  // Far from the origin and wide: N(0, 1) codes would collapse to one.
  const at::Tensor features = (100 + 10 * test::normal(2, {6, 4, 2, 2})).to(at::kFloat);
  quantizer->initialise_codebook(features, nn::Rng::of_run(3, 0, 1));
  const at::Tensor rows = features.permute({0, 2, 3, 1}).reshape({-1, 4});
  const at::Tensor gap = at::cdist(quantizer->codebook().detach(), rows);
  EXPECT_LT(std::get<0>(gap.min(1)).max().item<double>(), 1.0);  // each is nearly a feature
  const CodeUse use = code_use(count_codes(std::get<1>(gap.min(1)), 24));
  EXPECT_EQ(use.used, 12);  // of twelve different ones
  EXPECT_EQ(code_use(count_codes(quantizer->indices_of(features), 12)).used, 12);
  const at::Tensor first = quantizer->codebook().clone();
  quantizer->initialise_codebook(features, nn::Rng::of_run(3, 0, 1));
  EXPECT_TRUE(quantizer->codebook().equal(first));
}

TEST_P(EveryQuantizer, FewFeaturesStillGiveDifferentCodes) {
  const auto quantizer = make_quantizer(small(GetParam()));
  quantizer->initialise_codebook(test::normal(4, {1, 4, 1, 3}).to(at::kFloat),
                                 nn::Rng::of_run(3, 0, 1));
  const at::Tensor book = quantizer->codebook().detach();
  const at::Tensor gap = at::cdist(book, book) + at::eye(12);
  EXPECT_GT(gap.min().item<double>(), 0);
}

TEST_P(EveryQuantizer, LossPullsFeaturesTowardsTheirCodes) {
  VqVaeOptions options = small(GetParam());
  options.gumbel_kl_weight = 1;
  const auto quantizer = make_quantizer(options);
  quantizer->to(at::kDouble);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  at::Tensor z = test::normal(5, {2, 4, 2, 3}).set_requires_grad(true);
  // Of the straight-through loss only beta's half reaches the features; its value counts both.
  const double share = std::string(GetParam()) == "straight-through" ? 0.2 : 1.0;
  const at::Tensor loss = quantizer->quantize(z, noise_of(1, 2), true).loss;
  EXPECT_EQ(loss.dim(), 0);
  loss.backward();
  const at::Tensor slope = z.grad().clone();
  const at::NoGradGuard no_grad;
  const double before = loss.item<double>();
  z.sub_(slope, 1e-4);
  const double after = quantizer->quantize(z, noise_of(1, 2), true).loss.item<double>();
  EXPECT_NEAR((before - after) * share / 1e-4, slope.square().sum().item<double>(), 1e-3 * before);
}

TEST(MakeQuantizer, NamesTheKnownOnes) {
  test::expect_error(
      ErrorCode::kInvalidArgument, "\"lookup\"", [] { make_quantizer(small("lookup")); });
}

TEST(StraightThrough, CodebookLearnsByGradient) {
  const auto quantizer = make_quantizer(small("straight-through"));
  quantizer->to(at::kDouble);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  at::Tensor z = test::normal(6, {2, 4, 2, 3}).set_requires_grad(true);
  const at::Tensor weights = test::normal(7, z.sizes());
  const Quantized q = quantizer->quantize(z, {}, true);
  (q.vectors * weights).sum().backward();
  EXPECT_TRUE(z.grad().equal(weights));  // the identity
  at::Tensor book = quantizer->parameters()[0];
  EXPECT_FALSE(book.grad().defined() && book.grad().abs().sum().item<double>() > 0);
  // The codebook's own term, less the commitment that the difference would also see.
  const double n = static_cast<double>(z.numel());
  book.mutable_grad() = at::Tensor();
  quantizer->quantize(z, {}, true).loss.backward();
  at::Tensor expected = at::zeros_like(book);
  const at::Tensor rows = z.detach().permute({0, 2, 3, 1}).reshape({-1, 4});
  const at::Tensor chosen = q.indices.reshape({-1});
  for (std::int64_t r = 0; r < rows.size(0); ++r) {
    const std::int64_t k = chosen[r].item<std::int64_t>();
    expected[k] += 2 * (book.detach()[k] - rows[r]) / n;
  }
  EXPECT_TRUE(book.grad().allclose(expected));
}

TEST(Gumbel, SoftMixtureHasATrueDerivative) {
  VqVaeOptions options = small("gumbel");
  options.gumbel_hard = false;
  options.gumbel_kl_weight = 0.3;
  const auto quantizer = make_quantizer(options);
  quantizer->to(at::kDouble);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  at::Tensor z = test::normal(8, {2, 4, 2, 1}).set_requires_grad(true);
  const at::Tensor weights = test::normal(9, z.sizes());
  const auto loss = [&] {
    const Quantized q = quantizer->quantize(z, noise_of(5, 2), true);
    return (q.vectors * weights).sum() + q.loss;
  };
  test::expect_gradient(z, loss, "features");
  for (auto& item : quantizer->named_parameters()) {
    test::expect_gradient(item.value(), loss, item.key());
  }
}

TEST(Gumbel, HardVectorsAreCodesWithTheSoftGradient) {
  VqVaeOptions options = small("gumbel");
  const auto hard = make_quantizer(options);
  options.gumbel_hard = false;
  const auto soft = make_quantizer(options);
  at::Tensor z = test::normal(8, {2, 4, 2, 1}).set_requires_grad(true);
  const at::Tensor weights = test::normal(9, z.sizes());
  std::vector<at::Tensor> slopes;
  for (const auto& quantizer : {hard, soft}) {
    quantizer->to(at::kDouble);
    quantizer->initialise(nn::Rng::of_run(1, 0, 1));
    const Quantized q = quantizer->quantize(z, noise_of(5, 2), true);
    EXPECT_EQ(q.vectors.allclose(quantizer->codes(q.indices)), quantizer == hard);
    z.mutable_grad() = at::Tensor();
    (q.vectors * weights).sum().backward();
    slopes.push_back(z.grad().clone());
  }
  EXPECT_TRUE(slopes[0].allclose(slopes[1]));
}

TEST(Gumbel, LowTemperatureIsTheArgmaxOfTheNoisyLogits) {
  VqVaeOptions options = small("gumbel");
  options.gumbel_hard = false;
  GumbelQuantizer quantizer(options);
  quantizer.initialise(nn::Rng::of_run(1, 0, 1));
  quantizer.set_temperature(1e-4);
  const at::Tensor z = test::normal(10, {3, 4, 2, 2}).to(at::kFloat);
  const Quantized cold = quantizer.quantize(z, noise_of(6, 3), true);
  EXPECT_TRUE(cold.vectors.allclose(quantizer.codes(cold.indices), 1e-4, 1e-4));
  // Noise that is the same for all codes changes no argmax: the deterministic code.
  const nn::Noise level{.rng = {}, .recorded = at::full({3, 12, 2, 2}, 0.5)};
  EXPECT_TRUE(quantizer.quantize(z, level, true).indices.equal(quantizer.indices_of(z)));
  EXPECT_TRUE(quantizer.quantize(z, {}, false).indices.equal(quantizer.indices_of(z)));
  EXPECT_FALSE(cold.indices.equal(quantizer.indices_of(z)));
  test::expect_error(ErrorCode::kInvalidArgument, "got 0", [&] { quantizer.set_temperature(0); });
}

TEST(Gumbel, DrawsFollowTheSoftmaxOfTheLogits) {
  VqVaeOptions options = small("gumbel");
  options.codebook_size = 3;
  options.code_dim = 1;
  const auto quantizer = make_quantizer(options);
  const std::array<double, 3> p = {0.7, 0.2, 0.1};
  for (at::Tensor& weight : quantizer->parameters()) weight.detach().zero_();
  quantizer->named_parameters()["proj.bias"].detach().copy_(at::tensor(p).log());
  constexpr std::int64_t kDraws = 4000;
  const at::Tensor z = at::zeros({kDraws, 1, 1, 1});
  const at::Tensor counts =
      count_codes(quantizer->quantize(z, noise_of(9, kDraws), true).indices, 3);
  for (std::int64_t k = 0; k < 3; ++k) {
    const double expected = p[static_cast<std::size_t>(k)];
    EXPECT_NEAR(counts[k].item<double>() / kDraws,
                expected,
                4 * std::sqrt(expected * (1 - expected) / kDraws));
  }
}

TEST(Gumbel, DrawsOutsideTrainingAreArgmaxWithExponentials) {
  // The published draw: exponential numbers E, and the greatest of logits - log E; here with the
  // uniform numbers that give these E, whatever the temperature.
  VqVaeOptions options = small("gumbel");
  options.gumbel_temperature = 7;
  const auto quantizer = make_quantizer(options);
  quantizer->initialise(nn::Rng::of_run(1, 0, 1));
  const at::Tensor z = test::normal(10, {3, 4, 2, 2}).to(at::kFloat);
  const at::Tensor e = -nn::Rng::of_run(4, 0, 3).uniform(Purpose::kGumbel, 1, {12, 2, 2}).log();
  const nn::Noise recorded{.rng = {}, .recorded = (-e.to(at::kDouble)).exp()};
  auto w = quantizer->named_parameters();
  const at::Tensor logits = at::conv2d(z, w["proj.weight"], w["proj.bias"]).detach();
  const at::Tensor drawn = quantizer->draw_indices(z, recorded);
  EXPECT_TRUE(drawn.equal((logits - e.log()).argmax(1)));
  EXPECT_FALSE(drawn.equal(quantizer->indices_of(z)));
  const auto nearest = make_quantizer(small("ema"));
  nearest->initialise(nn::Rng::of_run(1, 0, 1));
  EXPECT_TRUE(nearest->draw_indices(z, recorded).equal(nearest->indices_of(z)));
}

TEST(Gumbel, KlOfUniformLogitsIsZero) {
  VqVaeOptions options = small("gumbel");
  options.gumbel_kl_weight = 1;
  const auto quantizer = make_quantizer(options);
  for (at::Tensor& weight : quantizer->parameters()) weight.detach().zero_();
  const at::Tensor z = at::ones({1, 4, 1, 1});
  EXPECT_NEAR(quantizer->quantize(z, {}, false).loss.item<double>(), 0, 1e-6);
  // One code for certain: log K.
  auto named = quantizer->named_parameters();
  named["proj.bias"].detach()[3] = 1000;
  EXPECT_NEAR(quantizer->quantize(z, {}, false).loss.item<double>(), std::log(12.0), 1e-5);
}

}  // namespace
}  // namespace tessera::vqvae
