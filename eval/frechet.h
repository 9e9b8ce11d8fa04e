#pragma once

#include <cstdint>
#include <vector>

#include "eval/statistics/gaussian.h"

namespace tessera::eval {

/// |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2)), the squared 2-Wasserstein distance of two
/// Gaussians (Dowson and Landau, 1982); of Inception features it is the FID (Heusel et al., NeurIPS
/// 2017, equation 6). Float64. The trace of the root is the sum of the roots of the eigenvalues of
/// S_a^(1/2) S_b S_a^(1/2), which is symmetric: nothing becomes complex, and covariances of fewer
/// points than dimensions need no term on their diagonal. Throws kShapeMismatch for two numbers of
/// dimensions, kInvalidArgument for values that are not numbers.
double frechet_distance(const Gaussian& a, const Gaussian& b);

/// The symmetric root of a covariance; eigenvalues below 0 are rounding and count as 0.
at::Tensor symmetric_root(const at::Tensor& covariance);

/// The same distance to one Gaussian, many times: its root is taken once.
class FrechetReference {
 public:
  explicit FrechetReference(Gaussian gaussian);
  double distance(const Gaussian& other) const;
  const Gaussian& gaussian() const { return gaussian_; }

 private:
  Gaussian gaussian_;
  at::Tensor root_;
};

struct FrechetPoint {
  std::int64_t count = 0;
  double distance = 0;
};

/// FID of infinitely many pictures: the distance is biased upwards by about a constant over the
/// number of pictures, so a line through distances over 1 / N meets the axis at the unbiased value
/// (Chong and Forsyth, CVPR 2020, section 3.1).
struct FrechetLimit {
  double distance = 0;        // may be a little below 0 for equal sets
  double standard_error = 0;  // of the fit alone
  std::vector<FrechetPoint> points{};
};

struct FrechetLimitOptions {
  std::int64_t points = 15;
  std::int64_t smallest = 5000;  // of the sample sizes; at most half of all
  std::uint64_t seed = 0;
};

/// `points` [N, D], each subset drawn anew from all of them. Throws kInvalidArgument with fewer
/// than 10 of them or fewer than 2 sizes.
FrechetLimit frechet_limit(const at::Tensor& points,
                           const FrechetReference& reference,
                           const FrechetLimitOptions& options);

}  // namespace tessera::eval
