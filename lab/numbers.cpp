#include "lab/numbers.h"

#include <cmath>

#include <ATen/ops/abs.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max.h>
#include <ATen/ops/sub.h>

#include "core/error.h"

namespace tessera::lab {

std::vector<double> to_numbers(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU, at::kDouble).contiguous();
  const double* first = flat.const_data_ptr<double>();
  return {first, first + flat.numel()};
}

at::Tensor to_tensor(const std::vector<double>& numbers, at::IntArrayRef shape) {
  at::Tensor out = at::empty(shape, at::kDouble);
  TESSERA_CHECK(out.numel() == static_cast<std::int64_t>(numbers.size()),
                kShapeMismatch,
                numbers.size(),
                " numbers do not fill ",
                shape);
  std::copy(numbers.begin(), numbers.end(), out.mutable_data_ptr<double>());
  return out;
}

std::vector<double> even_numbers(double first, double last, std::int64_t count) {
  TESSERA_CHECK(count >= 2, kInvalidArgument, "a range needs two numbers at least, got ", count);
  std::vector<double> out;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(count - 1);
    out.push_back(first + share * (last - first));
  }
  return out;
}

std::vector<double> log_numbers(double first, double last, std::int64_t count) {
  std::vector<double> out = even_numbers(std::log(first), std::log(last), count);
  for (double& number : out) number = std::exp(number);
  return out;
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  TESSERA_CHECK(
      a.sizes() == b.sizes(), kShapeMismatch, "shapes ", a.sizes(), " and ", b.sizes(), " differ");
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

double log_slope(const std::vector<double>& x, const std::vector<double>& y) {
  TESSERA_CHECK(x.size() == y.size() && x.size() >= 2,
                kInvalidArgument,
                "a slope needs two points at least, got ",
                x.size(),
                " and ",
                y.size());
  const auto count = static_cast<double>(x.size());
  double mean_x = 0;
  double mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += std::log(x[i]) / count;
    mean_y += std::log(y[i]) / count;
  }
  double above = 0;
  double below = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    above += (std::log(x[i]) - mean_x) * (std::log(y[i]) - mean_y);
    below += (std::log(x[i]) - mean_x) * (std::log(x[i]) - mean_x);
  }
  return above / below;
}

}  // namespace tessera::lab
