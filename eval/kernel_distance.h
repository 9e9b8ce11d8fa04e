#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// The squared maximum mean discrepancy of two samples under the kernel (x . y / D + 1)^3,
/// unbiased: it is as often below 0 as above for equal distributions (Gretton et al., JMLR 2012,
/// equation 3). `x` [m, D], `y` [n, D]; float64 inside. Throws kShapeMismatch, kInvalidArgument
/// with fewer than 2 rows.
double kernel_distance(const at::Tensor& x, const at::Tensor& y);

struct KernelOptions {
  std::int64_t subsets = 100;
  std::int64_t subset_size = 1000;  // cut down to what there is
  std::uint64_t seed = 0;           // of the choice of rows
};

struct KernelEstimate {
  double mean = 0;
  double deviation = 0;          // of the subsets, dividing by their number
  std::int64_t subsets = 0;      // as used: 1 where a subset is all there is
  std::int64_t subset_size = 0;  // as used
};

/// KID: the mean over random subsets of equal size (Binkowski et al., ICLR 2018, section 4).
KernelEstimate kernel_distance_of_subsets(const at::Tensor& x,
                                          const at::Tensor& y,
                                          const KernelOptions& options);

}  // namespace tessera::eval
