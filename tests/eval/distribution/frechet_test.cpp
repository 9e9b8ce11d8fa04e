#include "eval/frechet.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

using test::normal_points;
using test::recorded;

Gaussian gaussian(std::vector<double> mean, const at::Tensor& covariance) {
  return {.mean = at::tensor(mean, at::kDouble), .covariance = covariance};
}

TEST(Frechet, OneDimensionIsTheDifferenceOfMeansAndDeviations) {
  // (0 - 0.5)^2 + (1 - 0.5)^2
  const Gaussian a = gaussian({0.0}, at::tensor({1.0}, at::kDouble).view({1, 1}));
  const Gaussian b = gaussian({0.5}, at::tensor({0.25}, at::kDouble).view({1, 1}));
  EXPECT_NEAR(frechet_distance(a, b), 0.5, 1e-12);
}

TEST(Frechet, CommutingCovariancesAreSumsOverTheirAxes) {
  // A rotation of two diagonals: sum of (m_i - n_i)^2 + (sqrt s_i - sqrt r_i)^2.
  const double c = std::cos(0.7);
  const double s = std::sin(0.7);
  const at::Tensor turn = at::tensor({c, -s, s, c}, at::kDouble).view({2, 2});
  const auto turned = [&](double x, double y) {
    return turn.matmul(at::tensor({x, y}, at::kDouble).diag()).matmul(turn.t());
  };
  const Gaussian a = gaussian({1.0, -2.0}, turned(4.0, 0.09));
  const Gaussian b = gaussian({0.0, 0.0}, turned(1.0, 0.49));
  EXPECT_NEAR(frechet_distance(a, b), 5.0 + 1.0 + 0.16, 1e-12);
}

TEST(Frechet, EqualsTheReferenceOnFullCovariances) {
  const at::Tensor a = recorded("metrics", "a");
  const at::Tensor b = recorded("metrics", "b");
  const double wanted = recorded("metrics", "fid").item<double>();
  EXPECT_NEAR(frechet_distance(gaussian_of(a), gaussian_of(b)), wanted, 1e-10 * wanted);
}

TEST(Frechet, IsSymmetricZeroForEqualsAndBoundedBelowByTheMeans) {
  for (std::int64_t k = 0; k < 5; ++k) {
    const Gaussian a = gaussian_of(normal_points(40, 6, 10 + k) * (1.0 + static_cast<double>(k)));
    const Gaussian b = gaussian_of(normal_points(30, 6, 20 + k) + 0.5);
    EXPECT_NEAR(frechet_distance(a, b), frechet_distance(b, a), 1e-9);
    EXPECT_NEAR(frechet_distance(a, a), 0.0, 1e-9);
    EXPECT_GE(frechet_distance(a, b), (a.mean - b.mean).square().sum().item<double>() - 1e-9);
  }
}

TEST(Frechet, SurvivesCovariancesOfFewerPointsThanDimensions) {
  // In an orthogonal basis the distance does not change; there the points live in 5 dimensions.
  const at::Tensor small_a = normal_points(9, 5, 30);
  const at::Tensor small_b = normal_points(7, 5, 31) + 1.0;
  const at::Tensor basis = std::get<0>(at::linalg_qr(normal_points(64, 64, 32))).narrow(1, 0, 5);
  const double wanted = frechet_distance(gaussian_of(small_a), gaussian_of(small_b));
  const double found = frechet_distance(gaussian_of(small_a.matmul(basis.t())),
                                        gaussian_of(small_b.matmul(basis.t())));
  EXPECT_NEAR(found, wanted, 1e-6 * wanted);
}

TEST(Frechet, BiasOfSmallSamplesIsAboutThreeOverNInOneDimension) {
  // E (m1 - m2)^2 = 2/N, E (s1 - s2)^2 = 1/N to leading order.
  constexpr std::int64_t kRows = 100;
  double sum = 0;
  for (std::int64_t k = 0; k < 400; ++k) {
    sum += frechet_distance(gaussian_of(normal_points(kRows, 1, 1000 + 2 * k)),
                            gaussian_of(normal_points(kRows, 1, 1001 + 2 * k)));
  }
  EXPECT_NEAR(sum / 400, 3.0 / kRows, 0.35 * 3.0 / kRows);
}

TEST(FrechetLimit, RemovesTheBiasOfTheNumberOfPictures) {
  const std::int64_t dims = 8;
  const at::Tensor points = normal_points(4000, dims, 40);
  const FrechetReference truth(
      {.mean = at::zeros({dims}, at::kDouble), .covariance = at::eye(dims, at::kDouble)});
  const FrechetLimit limit = frechet_limit(points, truth, {.smallest = 200});
  ASSERT_EQ(limit.points.size(), 15u);
  EXPECT_EQ(limit.points.front().count, 200);
  EXPECT_EQ(limit.points.back().count, 4000);
  const double biased = limit.points.front().distance;  // about (D + D (D + 1) / 4) / N = 0.13
  EXPECT_GT(biased, 0.06);
  EXPECT_LT(std::abs(limit.distance), 0.2 * biased);
  EXPECT_GT(limit.standard_error, 0);
  EXPECT_EQ(frechet_limit(points, truth, {.smallest = 200}).distance, limit.distance);
  EXPECT_NE(frechet_limit(points, truth, {.smallest = 200, .seed = 1}).distance, limit.distance);
}

TEST(Frechet, RefusesWhatCannotBeCompared) {
  const Gaussian two = gaussian({0.0, 0.0}, at::eye(2, at::kDouble));
  const Gaussian three = gaussian({0.0, 0.0, 0.0}, at::eye(3, at::kDouble));
  tessera::test::expect_error(
      ErrorCode::kShapeMismatch, "3 dimensions", [&] { frechet_distance(two, three); });
  const Gaussian sick = gaussian({0.0, std::nan("")}, at::eye(2, at::kDouble));
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "not numbers", [&] { frechet_distance(two, sick); });
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "at least 10", [&] {
    frechet_limit(at::zeros({9, 2}), FrechetReference(two), {});
  });
}

}  // namespace
}  // namespace tessera::eval
