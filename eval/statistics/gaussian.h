#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// What the Fréchet distance looks at. `count` 0 = not known (a file that does not say).
struct Gaussian {
  at::Tensor mean{};        // [D] float64
  at::Tensor covariance{};  // [D, D] float64, divided by count - 1
  std::int64_t count = 0;
};

/// Mean and scatter of points that arrive in pieces, in float64: pieces of pieces merge to what all
/// of them at once would give, up to rounding (Chan, Golub and LeVeque, 1979). Holds D^2 numbers
/// however many points there are.
class GaussianSums {
 public:
  explicit GaussianSums(std::int64_t dims);
  /// [n, D] of any real type, n may be 0. Throws kShapeMismatch, and kInvalidArgument for points
  /// that are not numbers.
  void add(const at::Tensor& points);
  void merge(const GaussianSums& other);

  std::int64_t dims() const { return mean_.size(0); }
  std::int64_t count() const { return count_; }
  /// Throws kInvalidArgument with fewer than two points.
  Gaussian gaussian() const;

 private:
  void merge(std::int64_t count, const at::Tensor& mean, const at::Tensor& scatter);

  std::int64_t count_ = 0;
  at::Tensor mean_;     // [D]
  at::Tensor scatter_;  // [D, D], sum of (x - mean)(x - mean)^T
};

/// The same of all points at once.
Gaussian gaussian_of(const at::Tensor& points);

}  // namespace tessera::eval
