#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

namespace tessera::kernels {

// The passes between the 8-bit products of a transformer block. Every row has a scale of its own,
// found while the row is in the nearest cache, so a row's numbers do not depend on the others of
// its batch and the wide states never go to memory as float32. Widths are multiples of 16; arrays
// are contiguous; a pass may write over what it reads where it says so. Number, of what the
// products give and attention takes, is float or Bfloat16.

/// x ~ scale * q, q in -127 ... 127; a row of zeros has scale 0.
struct Int8Rows {
  std::int8_t* values = nullptr;  // [rows, width]
  float* scales = nullptr;        // [rows]
};

/// What a product of such rows gave, with the scales of the weights' rows in it already:
/// value * scale of its row + bias is the number that is meant.
template <typename Number>
struct ProductRows {
  const Number* values = nullptr;  // [rows, width]
  const float* scales = nullptr;   // [rows], of the product's other factor
  const float* bias = nullptr;     // [width]
};

/// sum = residual + branch; out = norm(sum) * gain + shift, as kernels/residual_norm.h.
template <typename Number>
struct NormToInt8 {
  std::int64_t width = 0;
  std::int64_t rows_in_group = 0;  // rows that share a gain and a shift
  std::int64_t gain_stride = 0;    // width, or 0 = one for all groups
  const float* residual = nullptr;
  ProductRows<Number> branch{};  // values null = nothing is added
  const float* gain = nullptr;   // [groups or 1, width]
  const float* shift = nullptr;
  float* sum = nullptr;  // may be `residual`; not written without a branch
  Int8Rows out{};
};

/// out = x sigmoid(1.702 x).
template <typename Number>
struct Gelu2ToInt8 {
  std::int64_t width = 0;
  ProductRows<Number> in{};
  Int8Rows out{};
};

/// The numbers that a product means.
template <typename Number>
struct ScaleRows {
  std::int64_t width = 0;
  ProductRows<Number> in{};
  Number* out = nullptr;  // may be in.values
};

/// Rows first ... last - 1 each.
void norm_to_int8(const NormToInt8<float>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target = best_target());
void norm_to_int8(const NormToInt8<Bfloat16>& args,
                  std::int64_t first,
                  std::int64_t last,
                  Target target = best_target());
void gelu2_to_int8(const Gelu2ToInt8<float>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target = best_target());
void gelu2_to_int8(const Gelu2ToInt8<Bfloat16>& args,
                   std::int64_t first,
                   std::int64_t last,
                   Target target = best_target());
void scale_rows(const ScaleRows<float>& args,
                std::int64_t first,
                std::int64_t last,
                Target target = best_target());
void scale_rows(const ScaleRows<Bfloat16>& args,
                std::int64_t first,
                std::int64_t last,
                Target target = best_target());

}  // namespace tessera::kernels
