#include "eval/statistics/gaussian.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {

GaussianSums::GaussianSums(std::int64_t dims)
    : mean_(at::zeros({dims}, at::kDouble)), scatter_(at::zeros({dims, dims}, at::kDouble)) {}

void GaussianSums::add(const at::Tensor& points) {
  TESSERA_CHECK(points.dim() == 2 && points.size(1) == dims(),
                kShapeMismatch,
                "points must be [n, ",
                dims(),
                "], got ",
                points.sizes());
  if (points.size(0) == 0) return;
  const at::Tensor real = points.to(at::kCPU, at::kDouble);
  TESSERA_CHECK(at::isfinite(real).all().item<bool>(),
                kInvalidArgument,
                "the features of some pictures are not numbers");
  const at::Tensor mean = real.mean(0);
  const at::Tensor centred = real - mean;
  merge(real.size(0), mean, centred.t().matmul(centred));
}

void GaussianSums::merge(const GaussianSums& other) {
  TESSERA_CHECK(other.dims() == dims(),
                kShapeMismatch,
                "statistics of ",
                other.dims(),
                " dimensions cannot join those of ",
                dims());
  if (other.count_ > 0) merge(other.count_, other.mean_, other.scatter_);
}

void GaussianSums::merge(std::int64_t count, const at::Tensor& mean, const at::Tensor& scatter) {
  const auto before = static_cast<double>(count_);
  const auto more = static_cast<double>(count);
  const at::Tensor apart = mean - mean_;
  scatter_ += scatter;
  scatter_.addr_(apart, apart, 1.0, before * more / (before + more));
  mean_ += apart * (more / (before + more));
  count_ += count;
}

Gaussian GaussianSums::gaussian() const {
  TESSERA_CHECK(count_ >= 2,
                kInvalidArgument,
                "a covariance needs at least 2 pictures, there ",
                count_ == 1 ? "is 1" : "are none");
  return {.mean = mean_.clone(),
          .covariance = scatter_ / static_cast<double>(count_ - 1),
          .count = count_};
}

Gaussian gaussian_of(const at::Tensor& points) {
  TESSERA_CHECK(points.dim() == 2, kShapeMismatch, "points must be [n, D], got ", points.sizes());
  GaussianSums sums(points.size(1));
  sums.add(points);
  return sums.gaussian();
}

}  // namespace tessera::eval
