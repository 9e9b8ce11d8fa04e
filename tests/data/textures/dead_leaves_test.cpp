#include "data/textures/dead_leaves.h"

#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/textures/mixed_source.h"
#include "tests/support/expect_error.h"

namespace tessera::data {
namespace {

TEST(DeadLeaves, PictureIIsAFunctionOfISeedAndSize) {
  const at::Tensor together = draw_dead_leaves(3, {5, 9, 5, 1LL << 40}, 32);
  EXPECT_TRUE(at::equal(together[0], together[2]));
  EXPECT_TRUE(at::equal(together.slice(0, 1, 2), draw_dead_leaves(3, {9}, 32)));
  EXPECT_FALSE(at::equal(together[0], together[1]));
  EXPECT_FALSE(at::equal(together[0], together[3]));
  EXPECT_FALSE(at::equal(together[0], draw_dead_leaves(4, {5}, 32)[0]));
  const at::Tensor levels = (together + 1) * 127.5;
  EXPECT_TRUE(at::allclose(levels, levels.round(), 0, 1e-4)) << "8-bit levels";
  EXPECT_GE(together.min().item<float>(), -1);
  EXPECT_LE(together.max().item<float>(), 1);
}

/// The power spectrum of photographs falls with about the square of the frequency (Field 1987).
TEST(DeadLeaves, SpectrumFallsAsThatOfPhotographs) {
  std::vector<std::int64_t> indices(64);
  std::iota(indices.begin(), indices.end(), 0);
  const std::int64_t side = 64;
  at::Tensor grey = draw_dead_leaves(1, indices, side).mean(1).to(at::kDouble);
  grey = grey - grey.mean(at::IntArrayRef{1, 2}, /*keepdim=*/true);
  const at::Tensor power = at::fft_fft2(grey).abs().square().mean(0);
  // Mean power in rings around frequency 2, 4, 8, 16; the slope of log power over log frequency.
  double sum_x = 0, sum_y = 0, sum_xx = 0, sum_xy = 0;
  int count = 0;
  for (const double ring : {2.0, 4.0, 8.0, 16.0}) {
    double total = 0;
    int members = 0;
    for (std::int64_t v = 0; v < side; ++v) {
      for (std::int64_t u = 0; u < side; ++u) {
        const double fy = static_cast<double>(std::min(v, side - v));
        const double fx = static_cast<double>(std::min(u, side - u));
        if (std::abs(std::hypot(fx, fy) - ring) > 0.25 * ring) continue;
        total += power[v][u].item<double>();
        ++members;
      }
    }
    const double x = std::log(ring);
    const double y = std::log(total / members);
    sum_x += x;
    sum_y += y;
    sum_xx += x * x;
    sum_xy += x * y;
    ++count;
  }
  const double slope = (count * sum_xy - sum_x * sum_y) / (count * sum_xx - sum_x * sum_x);
  EXPECT_LT(slope, -1.5);
  EXPECT_GT(slope, -2.8);
}

class Plain final : public Source {
 public:
  std::int64_t size() const override { return 1000; }
  Batch get(const std::vector<std::int64_t>& indices, at::Device /*device*/) const override {
    at::Tensor images = at::empty({std::ssize(indices), 3, 16, 16});
    for (std::size_t k = 0; k < indices.size(); ++k) {
      images[static_cast<std::int64_t>(k)].fill_(static_cast<double>(indices[k]));
    }
    return {.images = images, .captions = captions(indices), .indices = indices};
  }
  std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const override {
    std::vector<std::string> out;
    for (const std::int64_t index : indices) out.push_back(std::to_string(index));
    return out;
  }
  std::string fingerprint() const override { return "plain"; }
};

TEST(MixedSource, AShareOfTheSamplesAreTexturesAndTheOthersStay) {
  const auto mixed = mix_with_textures(std::make_shared<Plain>(), {.share = 0.3, .resolution = 16});
  std::vector<std::int64_t> indices(1000);
  std::iota(indices.begin(), indices.end(), 0);
  const Batch batch = mixed->get(indices, at::kCPU);
  EXPECT_EQ(batch.captions, mixed->captions(indices));
  int textures = 0;
  for (std::size_t k = 0; k < indices.size(); ++k) {
    const at::Tensor row = batch.images[static_cast<std::int64_t>(k)];
    if (batch.captions[k].empty()) {
      ++textures;
      EXPECT_TRUE(at::equal(row, draw_dead_leaves(0, {indices[k]}, 16)[0]));
    } else {
      EXPECT_EQ(row.min().item<float>(), static_cast<float>(indices[k]));
      EXPECT_EQ(row.max().item<float>(), static_cast<float>(indices[k]));
    }
  }
  EXPECT_NEAR(textures, 300, 60);  // four standard deviations
  EXPECT_TRUE(at::equal(mixed->get({7, 3}, at::kCPU).images[1], batch.images[3]));
  EXPECT_NE(mixed->fingerprint(), "plain");
  EXPECT_EQ(mix_with_textures(std::make_shared<Plain>(), {.share = 0, .resolution = 16})
                ->get({1}, at::kCPU)
                .captions[0],
            "1");
  test::expect_error(ErrorCode::kInvalidArgument, "share of textures", [] {
    mix_with_textures(std::make_shared<Plain>(), {.share = 1.5});
  });
}

}  // namespace
}  // namespace tessera::data
