#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// The elements of a tensor in row-major order, for figures and sums in plain code.
std::vector<double> to_numbers(const at::Tensor& tensor);
/// float64 of `shape`; the numbers must be as many. Throws kShapeMismatch.
at::Tensor to_tensor(const std::vector<double>& numbers, at::IntArrayRef shape);

/// `count` numbers from `first` to `last`, evenly, or evenly in their logarithm.
std::vector<double> even_numbers(double first, double last, std::int64_t count);
std::vector<double> log_numbers(double first, double last, std::int64_t count);

/// Largest |a - b| of two tensors of one shape.
double largest_difference(const at::Tensor& a, const at::Tensor& b);

/// Slope of ln y over ln x by least squares: the order of a power law.
double log_slope(const std::vector<double>& x, const std::vector<double>& y);

}  // namespace tessera::lab
