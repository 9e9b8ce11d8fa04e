#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::lab {

/// `count` numbers from `first` to `last`, both included, equally far apart; `geometric`: equally
/// far in the logarithm (both above 0).
std::vector<double> spaced(double first, double last, std::int64_t count);
std::vector<double> geometric(double first, double last, std::int64_t count);
/// 1, 2, …, count.
std::vector<double> counted(std::int64_t count);

/// f at every x.
std::vector<double> values_of(const std::function<double(double)>& f, const std::vector<double>& x);

/// A tensor's elements, row-major, as float64; and back as [n].
std::vector<double> numbers_of(const at::Tensor& tensor);
at::Tensor tensor_of(const std::vector<double>& numbers);

/// The integral of f from a to b by Gauss-Legendre quadrature: eight points in each of `parts`
/// equal parts; exact to rounding for smooth functions that change little within a part.
double integral(const std::function<double(double)>& f, double a, double b, int parts = 200);

}  // namespace tessera::lab
