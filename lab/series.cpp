#include "lab/series.h"

#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::lab {

std::vector<double> spaced(double first, double last, std::int64_t count) {
  TESSERA_CHECK(count >= 2, kInvalidArgument, "a series of ", count, " numbers");
  std::vector<double> series;
  for (std::int64_t i = 0; i < count; ++i) {
    series.push_back(first +
                     (last - first) * static_cast<double>(i) / static_cast<double>(count - 1));
  }
  return series;
}

std::vector<double> geometric(double first, double last, std::int64_t count) {
  TESSERA_CHECK(first > 0 && last > 0, kInvalidArgument, "a geometric series from ", first);
  std::vector<double> series = spaced(std::log(first), std::log(last), count);
  for (double& value : series) value = std::exp(value);
  return series;
}

std::vector<double> counted(std::int64_t count) {
  std::vector<double> series;
  for (std::int64_t i = 1; i <= count; ++i) series.push_back(static_cast<double>(i));
  return series;
}

std::vector<double> values_of(const std::function<double(double)>& f,
                              const std::vector<double>& x) {
  std::vector<double> y;
  y.reserve(x.size());
  for (const double value : x) y.push_back(f(value));
  return y;
}

std::vector<double> numbers_of(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* data = flat.data_ptr<double>();
  return {data, data + flat.numel()};
}

at::Tensor tensor_of(const std::vector<double>& numbers) {
  return at::tensor(numbers, at::TensorOptions(at::kDouble));
}

double integral(const std::function<double(double)>& f, double a, double b, int parts) {
  // Nodes and weights of the Legendre polynomial of degree eight (Abramowitz and Stegun 25.4).
  constexpr std::array<double, 4> kNodes = {
      0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
  constexpr std::array<double, 4> kWeights = {
      0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};
  const double half = 0.5 * (b - a) / parts;
  double sum = 0.0;
  for (int p = 0; p < parts; ++p) {
    const double middle = a + half * (2 * p + 1);
    for (std::size_t i = 0; i < kNodes.size(); ++i) {
      sum += kWeights[i] * (f(middle - half * kNodes[i]) + f(middle + half * kNodes[i]));
    }
  }
  return sum * half;
}

}  // namespace tessera::lab
