#include "diffusion/discrete/categorical.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "oracle.h"

namespace tessera::diffusion {
namespace {

constexpr DrawKey kKey{.purpose = Purpose::kStep, .step = 5};

std::vector<double> counts_of(const at::Tensor& x, std::int64_t classes) {
  std::vector<double> counts;
  for (std::int64_t j = 0; j < classes; ++j) counts.push_back((x == j).sum().item<double>());
  return counts;
}

TEST(DrawCategorical, FollowsTheLawWithoutItsZeros) {
  const std::vector<double> law{0.0, 0.5, 0.0, 0.05, 0.25, 0.2, 0.0};
  for (const double factor : {1.0, 1e-30, 1e30}) {  // need not be normalised
    const at::Tensor log_p =
        (at::tensor(law, at::kFloat).log() + std::log(factor)).expand({20000, 3, 7});
    const at::Tensor x = draw_categorical(log_p, {.rng = nn::Rng::of_run(3, 0, 20000)}, kKey);
    EXPECT_EQ(x.sizes(), at::IntArrayRef({20000, 3}));
    EXPECT_GT(oracle::chi_square_p(counts_of(x, 7), law), 1e-6);
  }
}

TEST(DrawCategorical, FollowsAWideLaw) {
  constexpr std::int64_t kClasses = 1025;
  const at::Tensor weights = at::arange(1, kClasses + 1, at::kDouble);
  const at::Tensor p = weights / weights.sum();
  const at::Tensor log_p = p.log().to(at::kFloat).expand({2000, 32, kClasses});
  const at::Tensor x = draw_categorical(log_p, {.rng = nn::Rng::of_run(4, 0, 2000)}, kKey);
  const std::vector<double> law(p.const_data_ptr<double>(), p.const_data_ptr<double>() + kClasses);
  const at::Tensor counts = at::bincount(x.view({-1}), {}, kClasses).to(at::kDouble);
  EXPECT_GT(oracle::chi_square_p(
                {counts.const_data_ptr<double>(), counts.const_data_ptr<double>() + kClasses}, law),
            1e-6);
}

TEST(DrawCategorical, ReplaysRecordedNoiseByGumbelMax) {
  const at::Tensor log_p = at::tensor({0.7, 0.2, 0.1}, at::kFloat).log().view({1, 1, 3});
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 1),
                        .recorded = at::tensor({0.1, 0.9, 0.5}, at::kFloat)};
  EXPECT_EQ(draw_categorical(log_p, noise, kKey).item<std::int64_t>(), 1);
}

TEST(DrawCategorical, ReplaysOneRecordedUniformAToken) {
  const at::Tensor log_p = at::tensor({0.0, 0.7, 0.2, 0.1}, at::kFloat).log().expand({1, 4, 4});
  const nn::Noise noise{.rng = nn::Rng::of_run(1, 0, 1),
                        .recorded = at::tensor({1e-9, 0.69, 0.71, 0.99999}, at::kFloat)};
  EXPECT_TRUE(
      at::equal(draw_categorical(log_p, noise, kKey), at::tensor({1, 1, 2, 3}).view({1, 4})));
}

TEST(DrawPrior, HasTheChainsLaw) {
  const auto q = make_transition(oracle::friendly(4), 3);
  const at::Tensor x = draw_prior(*q, 4, {.rng = nn::Rng::of_run(9, 0, 5000)}, at::kCPU);
  EXPECT_EQ(x.sizes(), at::IntArrayRef({5000, 4}));
  const double code = 0.2 / 3.0;
  EXPECT_GT(oracle::chi_square_p(counts_of(x, 4), {code, code, code, 0.8}), 1e-6);
}

}  // namespace
}  // namespace tessera::diffusion
