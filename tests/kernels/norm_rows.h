#pragma once

#include <cstdint>
#include <vector>

#include "kernels/residual_norm.h"
#include "tests/kernels/row_numbers.h"

/// What the tests of the residual norm on the CPU and on a GPU share: rows, and the answer to them.
namespace tessera::kernels::test {

struct NormCase {
  std::int64_t groups, rows, width;
  bool branch, shared_gain, grad_sum;
};

/// Inputs of a case and everything that comes out, all in one precision.
template <typename Number>
struct NormRows {
  explicit NormRows(const NormCase& c, std::uint32_t seed = 0)
      : all(c.groups * c.rows * c.width),
        gains((c.shared_gain ? 1 : c.groups) * c.width),
        residual(numbers<float>(all, 6 * seed + 1, 3)),
        branch(numbers<Number>(all, 6 * seed + 2, 2)),
        gain(numbers<float>(gains, 6 * seed + 3, 2)),
        shift(numbers<float>(gains, 6 * seed + 4, 1)),
        grad_output(numbers<Number>(all, 6 * seed + 5, 1)),
        grad_sum(numbers<float>(all, 6 * seed + 6, 1)) {
    const auto size = static_cast<std::size_t>(all);
    for (auto* v : {&sum, &grad_residual}) v->resize(size);
    for (auto* v : {&output, &grad_branch}) v->resize(size);
    for (auto* v : {&mean, &inverse}) v->resize(static_cast<std::size_t>(c.groups * c.rows));
    for (auto* v : {&grad_gain, &grad_shift})
      v->resize(static_cast<std::size_t>(c.groups * c.width));
    if (!c.branch) sum = residual;
  }

  /// `at` tells where the kernel finds a vector.
  template <typename At>
  ResidualNorm<Number> forward(const NormCase& c, At&& at) {
    return {.width = c.width,
            .rows_in_group = c.rows,
            .gain_stride = c.shared_gain ? 0 : c.width,
            .residual = at(residual),
            .branch = c.branch ? at(branch) : nullptr,
            .gain = at(gain),
            .shift = at(shift),
            .sum = c.branch ? at(sum) : nullptr,
            .output = at(output),
            .mean = at(mean),
            .inverse = at(inverse)};
  }

  template <typename At>
  ResidualNormGradient<Number> backward(const NormCase& c, At&& at) {
    return {.width = c.width,
            .rows_in_group = c.rows,
            .gain_stride = c.shared_gain ? 0 : c.width,
            .sum = at(sum),
            .mean = at(mean),
            .inverse = at(inverse),
            .gain = at(gain),
            .grad_output = at(grad_output),
            .grad_sum = c.grad_sum ? at(grad_sum) : nullptr,
            .grad_residual = at(grad_residual),
            .grad_branch = c.branch ? at(grad_branch) : nullptr,
            .grad_gain = at(grad_gain),
            .grad_shift = at(grad_shift)};
  }

  std::int64_t all, gains;
  std::vector<float> residual;
  std::vector<Number> branch;
  std::vector<float> gain, shift;
  std::vector<Number> grad_output;
  std::vector<float> grad_sum;
  std::vector<float> sum, grad_residual;
  std::vector<Number> output, grad_branch;
  std::vector<float> mean, inverse, grad_gain, grad_shift;
};

/// The definition and its derivative (by the quotient rule on mean and variance), in float64 loops.
struct NormExpected {
  std::vector<double> sum, output, grad_residual, grad_gain, grad_shift;
};

template <typename Number>
NormExpected expected_norm(const NormCase& c, const NormRows<Number>& b) {
  NormExpected e;
  e.grad_gain.resize(static_cast<std::size_t>(c.groups * c.width));
  e.grad_shift.resize(e.grad_gain.size());
  const double width = static_cast<double>(c.width);
  for (std::int64_t row = 0; row < c.groups * c.rows; ++row) {
    const std::int64_t group = row / c.rows;
    const auto at = [&](std::int64_t i) { return static_cast<std::size_t>(row * c.width + i); };
    const auto in_group = [&](std::int64_t i) {
      return static_cast<std::size_t>(group * c.width + i);
    };
    const auto weight = [&](const std::vector<float>& v, std::int64_t i) {
      return static_cast<double>(
          v[static_cast<std::size_t>((c.shared_gain ? 0 : group) * c.width + i)]);
    };
    std::vector<double> x;
    double mean = 0;
    for (std::int64_t i = 0; i < c.width; ++i) {
      x.push_back(static_cast<double>(b.residual[at(i)]) +
                  (c.branch ? static_cast<double>(number(b.branch[at(i)])) : 0.0));
      mean += x.back() / width;
    }
    double variance = 0;
    for (const double value : x) variance += (value - mean) * (value - mean) / width;
    const double deviation = std::sqrt(variance + 1e-5);
    double g_sum = 0;
    double g_along = 0;
    for (std::int64_t i = 0; i < c.width; ++i) {
      const double n = (x[static_cast<std::size_t>(i)] - mean) / deviation;
      const double grad = static_cast<double>(number(b.grad_output[at(i)]));
      e.sum.push_back(x[static_cast<std::size_t>(i)]);
      e.output.push_back(n * weight(b.gain, i) + weight(b.shift, i));
      e.grad_gain[in_group(i)] += grad * n;
      e.grad_shift[in_group(i)] += grad;
      g_sum += grad * weight(b.gain, i) / width;
      g_along += grad * weight(b.gain, i) * n / width;
    }
    for (std::int64_t i = 0; i < c.width; ++i) {
      const double n = (x[static_cast<std::size_t>(i)] - mean) / deviation;
      const double g = static_cast<double>(number(b.grad_output[at(i)])) * weight(b.gain, i);
      e.grad_residual.push_back((g - g_sum - n * g_along) / deviation +
                                (c.grad_sum ? static_cast<double>(b.grad_sum[at(i)]) : 0.0));
    }
  }
  return e;
}

}  // namespace tessera::kernels::test
