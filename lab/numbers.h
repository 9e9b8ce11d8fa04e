#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// Largest |a - b| of two tensors of one shape, in float64. Throws kShapeMismatch.
double largest_difference(const at::Tensor& a, const at::Tensor& b);

/// Slope of ln y over ln x by least squares: the exponent of a power law. Both above 0.
double log_slope(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace tessera::lab
