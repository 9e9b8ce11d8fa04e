#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

namespace tessera::kernels {

/// s = residual + branch; output = (s - mean(s)) / sqrt(var(s) + 1e-5) * gain + shift, over rows of
/// `width` numbers: the residual sum and the norm in front of the next branch, in one pass over
/// memory. Number is float or Bfloat16: what products take and give. Rows come in groups (pictures)
/// that share a gain and a shift. REQUIRES: width a multiple of 16, all arrays contiguous.
template <typename Number>
struct ResidualNorm {
  std::int64_t width = 0;
  std::int64_t rows_in_group = 0;
  std::int64_t gain_stride = 0;  // from a group's gain to the next one's: width, or 0 = one for all
  const float* residual = nullptr;  // [rows, width]
  const Number* branch = nullptr;   // [rows, width], or null = nothing is added
  const float* gain = nullptr;      // [groups or 1, width]
  const float* shift = nullptr;     // the same
  float* sum = nullptr;             // [rows, width], written where there is a branch
  Number* output = nullptr;         // [rows, width]
  float* mean = nullptr;            // [rows]
  float* inverse = nullptr;         // [rows], 1 / sqrt(var + 1e-5)
};

/// Groups first … last - 1.
void residual_norm(const ResidualNorm<float>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target = best_target());
void residual_norm(const ResidualNorm<Bfloat16>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target = best_target());

/// Gradients of the above. The residual's and the branch's are the same numbers.
template <typename Number>
struct ResidualNormGradient {
  std::int64_t width = 0;
  std::int64_t rows_in_group = 0;
  std::int64_t gain_stride = 0;
  const float* sum = nullptr;
  const float* mean = nullptr;
  const float* inverse = nullptr;
  const float* gain = nullptr;
  const Number* grad_output = nullptr;
  const float* grad_sum = nullptr;  // [rows, width], or null = zero
  float* grad_residual = nullptr;   // [rows, width]
  Number* grad_branch = nullptr;    // [rows, width], or null = not wanted
  float* grad_gain = nullptr;       // [groups, width], each group's own sum
  float* grad_shift = nullptr;      // [groups, width]
};

void residual_norm_gradient(const ResidualNormGradient<float>& args,
                            std::int64_t first,
                            std::int64_t last,
                            Target target = best_target());
void residual_norm_gradient(const ResidualNormGradient<Bfloat16>& args,
                            std::int64_t first,
                            std::int64_t last,
                            Target target = best_target());

}  // namespace tessera::kernels
