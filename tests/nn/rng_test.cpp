#include "nn/rng.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "nn/philox_ops.h"

namespace tessera::nn {
namespace {

TEST(Rng, BlockZeroOfAStreamIsPhilox) {
  const Rng rng = Rng::of_run(42, 7, 1);
  const at::Tensor drawn = rng.uniform(Purpose::kStep, 3, {6});
  for (std::uint32_t i = 0; i < 6; ++i) {
    const RngKey key{.seed = 42, .image = 7, .purpose = Purpose::kStep, .step = 3};
    EXPECT_EQ(drawn[0][i].item<float>(), unit(philox(key, i / 4).w[i % 4]));
  }
}

TEST(Rng, SplittingTheBatchChangesNothing) {
  const at::Tensor together = Rng::of_run(5, 0, 8).normal(Purpose::kPrior, 1, {3, 5});
  std::vector<at::Tensor> apart;
  for (std::int64_t i = 0; i < 8; ++i) {
    apart.push_back(Rng::of_run(5, i, 1).normal(Purpose::kPrior, 1, {3, 5}));
  }
  EXPECT_TRUE(at::equal(together, at::cat(apart)));
}

TEST(Rng, PictureKOfASeedIsPictureZeroOfSeedPlusK) {
  const std::vector<std::uint64_t> seeds = {7, 8, ~0ull, 0};
  const at::Tensor together = Rng::of_seeds(seeds).uniform(Purpose::kStep, 2, {9});
  for (std::size_t row = 0; row < seeds.size(); ++row) {
    const at::Tensor alone = Rng::of_run(seeds[row], 0, 1).uniform(Purpose::kStep, 2, {9});
    EXPECT_TRUE(at::equal(together[static_cast<std::int64_t>(row)], alone[0])) << row;
  }
}

TEST(Rng, ThreadsDoNotMatter) {
  const Rng rng = Rng::of_run(5, 0, 16);
  const int before = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = rng.uniform(Purpose::kPrior, 0, {1000});
  at::set_num_threads(3);
  const at::Tensor three = rng.uniform(Purpose::kPrior, 0, {1000});
  at::set_num_threads(before);
  EXPECT_TRUE(at::equal(one, three));
}

TEST(Rng, SeedImagePurposeAndStepEachMakeAnotherStream) {
  const auto draw = [](std::uint64_t seed, std::int64_t image, Purpose purpose, std::int64_t step) {
    return Rng::of_run(seed, image, 1).uniform(purpose, step, {64});
  };
  const at::Tensor base = draw(1, 0, Purpose::kStep, 0);
  for (const at::Tensor& other : {draw(2, 0, Purpose::kStep, 0),
                                  draw((1ull << 32) + 1, 0, Purpose::kStep, 0),
                                  draw(1, 1, Purpose::kStep, 0),
                                  draw(1, 0, Purpose::kPrior, 0),
                                  draw(1, 0, Purpose::kStep, 1)}) {
    EXPECT_EQ(base.eq(other).sum().item<std::int64_t>(), 0);
  }
}

TEST(Rng, MomentsAreThoseOfTheLaw) {
  const Rng rng = Rng::of_run(3, 0, 4);
  const std::int64_t n = 4 * 50000;
  const auto close = [&](const at::Tensor& x, double mean, double variance, double kurtosis) {
    const at::Tensor d = x.to(at::kDouble);
    const double error = std::sqrt(variance / static_cast<double>(n));
    EXPECT_NEAR(d.mean().item<double>(), mean, 4 * error);
    const double spread = variance * std::sqrt((kurtosis - 1) / static_cast<double>(n));
    EXPECT_NEAR((d - mean).square().mean().item<double>(), variance, 4 * spread);
  };
  const at::Tensor u = rng.uniform(Purpose::kStep, 0, {50000});
  EXPECT_GT(u.min().item<float>(), 0.0f);
  EXPECT_LT(u.max().item<float>(), 1.0f);
  close(u, 0.5, 1.0 / 12, 1.8);
  close(rng.normal(Purpose::kStep, 1, {50000}), 0, 1, 3);
  constexpr double kEuler = 0.57721566490153286;
  close(rng.gumbel(Purpose::kStep, 2, {50000}), kEuler, M_PI * M_PI / 6, 5.4);
}

TEST(Rng, TensorOperationsDrawTheSameNumbers) {
  const at::Tensor seeds =
      at::tensor(std::vector<std::int64_t>{0, 7, -1, std::int64_t{0x1234567890ABCDEF}}, at::kLong);
  const Rng rng{.images = at::tensor(std::vector<std::int64_t>{0, 1, 4294967295, 12345}, at::kLong),
                .seeds = seeds};
  for (const std::int64_t count : {1, 4, 7, 1026}) {
    const PhiloxRows rows{.seeds = seeds,
                          .images = rng.images,
                          .per_image = count,
                          .purpose = Purpose::kForward,
                          .step = 0xFFFFFFF0U};
    const std::int64_t step = 0xFFFFFFF0;
    EXPECT_TRUE(philox_uniform_on(at::kCPU, rows).equal(rng.uniform(rows.purpose, step, {count})));
    EXPECT_TRUE(at::allclose(
        philox_normal_on(at::kCPU, rows), rng.normal(rows.purpose, step, {count}), 3e-7, 1e-7))
        << count;
  }
}

TEST(Noise, ARecordingReplacesTheStream) {
  const at::Tensor recorded = at::full({2, 3}, 0.25);
  const Noise noise{.rng = Rng::of_run(1, 0, 2), .recorded = recorded};
  EXPECT_TRUE(at::equal(noise.uniform(Purpose::kStep, 0, {3}), recorded));
  EXPECT_NEAR(
      noise.gumbel(Purpose::kStep, 0, {3})[0][0].item<double>(), -std::log(-std::log(0.25)), 1e-7);
}

// The three numbers of a draw worked by hand, and the smallest that a generator in [0, 1) gives.
TEST(Noise, RecordedNumbersBecomeGumbelNoiseAsPublished) {
  const at::Tensor recorded = at::tensor({0.1, 0.9, 0.5, 0.0}, at::kFloat).unsqueeze(0);
  const Noise noise{.rng = Rng::of_run(1, 0, 1), .recorded = recorded};
  const at::Tensor want =
      at::tensor({-0.83403245, 2.2503673, 0.36651292, -4.2352298}, at::kFloat).unsqueeze(0);
  EXPECT_TRUE(at::allclose(noise.gumbel(Purpose::kStep, 0, {4}), want, 1e-6, 1e-6));
}

}  // namespace
}  // namespace tessera::nn
