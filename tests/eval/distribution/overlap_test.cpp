// Kernel distance, Inception Score, precision, recall, density, coverage.
#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "eval/inception_score.h"
#include "eval/kernel_distance.h"
#include "eval/neighbourhood.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

using test::normal_points;
using test::recorded;

/// Number by number, as the estimator is defined.
double plain_kernel_distance(const at::Tensor& x, const at::Tensor& y) {
  const auto kernel = [](const at::Tensor& a, const at::Tensor& b) {
    return std::pow(a.dot(b).item<double>() / static_cast<double>(a.size(0)) + 1.0, 3);
  };
  const auto m = static_cast<double>(x.size(0));
  const auto n = static_cast<double>(y.size(0));
  double sum = 0;
  for (std::int64_t i = 0; i < x.size(0); ++i) {
    for (std::int64_t j = 0; j < x.size(0); ++j) {
      if (i != j) sum += kernel(x[i], x[j]) / (m * (m - 1));
    }
    for (std::int64_t j = 0; j < y.size(0); ++j) sum -= 2 * kernel(x[i], y[j]) / (m * n);
  }
  for (std::int64_t i = 0; i < y.size(0); ++i) {
    for (std::int64_t j = 0; j < y.size(0); ++j) {
      if (i != j) sum += kernel(y[i], y[j]) / (n * (n - 1));
    }
  }
  return sum;
}

TEST(KernelDistance, EqualsItsDefinitionForUnequalNumbers) {
  const at::Tensor x = normal_points(17, 5, 50);
  const at::Tensor y = normal_points(12, 5, 51) * 1.5 + 0.3;
  EXPECT_NEAR(kernel_distance(x, y), plain_kernel_distance(x, y), 1e-10);
}

TEST(KernelDistance, EqualsTorchFidelity) {
  const at::Tensor a = recorded("metrics", "a").narrow(0, 0, 260);
  const double wanted = recorded("metrics", "kid_260").item<double>();
  EXPECT_NEAR(kernel_distance(a, recorded("metrics", "b")), wanted, 1e-9 * std::abs(wanted));
}

TEST(KernelDistance, SubsetsAreUnbiasedAndKeyed) {
  const at::Tensor x = normal_points(400, 4, 52);
  const at::Tensor y = normal_points(300, 4, 53);
  const KernelEstimate estimate =
      kernel_distance_of_subsets(x, y, {.subsets = 200, .subset_size = 60, .seed = 3});
  EXPECT_EQ(estimate.subset_size, 60);
  // The mean over subsets estimates the distance of the whole sets.
  EXPECT_NEAR(estimate.mean, kernel_distance(x, y), 4 * estimate.deviation / std::sqrt(200.0));
  EXPECT_EQ(kernel_distance_of_subsets(x, y, {.subsets = 200, .subset_size = 60, .seed = 3}).mean,
            estimate.mean);
  EXPECT_NE(kernel_distance_of_subsets(x, y, {.subsets = 200, .subset_size = 60, .seed = 4}).mean,
            estimate.mean);
  const KernelEstimate all = kernel_distance_of_subsets(x, y, {.subsets = 2, .subset_size = 1000});
  EXPECT_EQ(all.subset_size, 300);
  EXPECT_EQ(all.subsets, 2);
  const KernelEstimate once = kernel_distance_of_subsets(y, y + 0.1, {.subsets = 9});
  EXPECT_EQ(once.subsets, 1);
  EXPECT_EQ(once.deviation, 0.0);
  EXPECT_NEAR(once.mean, kernel_distance(y, y + 0.1), 1e-12);
}

TEST(KernelDistance, SeesADifferenceAndRefusesTooFew) {
  const at::Tensor x = normal_points(200, 4, 54);
  EXPECT_LT(kernel_distance(x, normal_points(200, 4, 55)), 0.2);
  EXPECT_GT(kernel_distance(x, normal_points(200, 4, 55) + 1.0), 1.0);
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "at least 2", [&] { kernel_distance(x.narrow(0, 0, 1), x); });
  tessera::test::expect_error(
      ErrorCode::kShapeMismatch, "[200, 3]", [&] { kernel_distance(x, x.narrow(1, 0, 3)); });
}

TEST(InceptionScore, FourKnownRows) {
  const at::Tensor p =
      at::tensor({0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.2, 0.6, 0.05, 0.05, 0.9}, at::kDouble)
          .view({4, 3});
  // A constant on a row changes no probability.
  const at::Tensor logits = p.log() + at::arange(4, at::kDouble).view({4, 1});
  EXPECT_NEAR(inception_score(logits, 1).mean, 1.46500391646, 1e-10);
}

TEST(InceptionScore, IsOneForEqualRowsAndTheNumberOfClassesForSureOnes) {
  EXPECT_NEAR(inception_score(at::ones({10, 6}), 2).mean, 1.0, 1e-12);
  const at::Tensor sure = at::eye(6, at::kDouble).repeat({3, 1}) * 1e4;
  EXPECT_NEAR(inception_score(sure, 1).mean, 6.0, 1e-9);
}

TEST(InceptionScore, EqualsTorchFidelityInParts) {
  const InceptionScore score = inception_score(recorded("metrics", "a"), 7);
  const at::Tensor wanted = recorded("metrics", "is_7");
  EXPECT_NEAR(score.mean, wanted[0].item<double>(), 1e-9);
  EXPECT_NEAR(score.deviation, wanted[1].item<double>(), 1e-9);
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "1..300", [] {
    inception_score(recorded("metrics", "a"), 301);
  });
}

TEST(Neighbourhood, EqualsTheReferences) {
  const NeighbourhoodScores scores = neighbourhood_scores(
      recorded("metrics", "near_real"), recorded("metrics", "near_generated"), 4);
  const at::Tensor pr = recorded("metrics", "precision_recall_4");
  const at::Tensor dc = recorded("metrics", "density_coverage_4");
  EXPECT_NEAR(scores.precision, pr[0].item<double>(), 1e-6);
  EXPECT_NEAR(scores.recall, pr[1].item<double>(), 1e-6);
  EXPECT_NEAR(scores.density, dc[0].item<double>(), 1e-9);
  EXPECT_NEAR(scores.coverage, dc[1].item<double>(), 1e-9);
  // Neither is trivial, so that a wrong radius would show.
  for (const double value : {scores.precision, scores.recall, scores.coverage}) {
    EXPECT_GT(value, 0.05);
    EXPECT_LT(value, 0.99);
  }
}

TEST(Neighbourhood, EqualSetsOverlapWhollyAndFarOnesNotAtAll) {
  const at::Tensor x = normal_points(600, 3, 60);  // more than two blocks
  const NeighbourhoodScores same = neighbourhood_scores(x, x, 3);
  EXPECT_EQ(same.precision, 1.0);
  EXPECT_EQ(same.recall, 1.0);
  EXPECT_EQ(same.coverage, 1.0);
  // Each ball holds its 3 neighbours, one of them on its border, and itself.
  EXPECT_NEAR(same.density, 4.0 / 3.0, 0.02);
  const NeighbourhoodScores far = neighbourhood_scores(x, x + 100.0, 3);
  EXPECT_EQ(far.precision + far.recall + far.density + far.coverage, 0.0);
}

TEST(Neighbourhood, TellsMissingVarietyFromBadPictures) {
  const at::Tensor real = at::cat({normal_points(200, 2, 61), normal_points(200, 2, 62) + 50.0});
  const at::Tensor half = normal_points(400, 2, 63);  // one of two groups, well painted
  const NeighbourhoodScores scores = neighbourhood_scores(real, half, 5);
  EXPECT_GT(scores.precision, 0.8);
  EXPECT_LT(scores.recall, 0.55);
  EXPECT_LT(scores.coverage, 0.55);
  tessera::test::expect_error(ErrorCode::kInvalidArgument, "below the number", [&] {
    neighbourhood_scores(real, half.narrow(0, 0, 5), 5);
  });
}

}  // namespace
}  // namespace tessera::eval
