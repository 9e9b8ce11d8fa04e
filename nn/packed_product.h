#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::nn {

// Products whose weights no longer change, laid out once for the processor's matrix units instead
// of at every call. On the CPU, without gradients.

/// How the products of a network that only answers are computed.
enum class Precision : unsigned char { kBfloat16, kInt8 };

/// Whether this processor has instructions for bfloat16 products: at least twice as fast as
/// float32 then, slower elsewhere. Told by the processor and not measured, so that a seed gives the
/// same picture in every process.
bool has_bfloat16_units();

/// Whether Torch's library takes bfloat16 in packed products at all; with AVX-512 it does, if only
/// by way of float32 where it has no units.
bool takes_bfloat16();

/// Whether it has instructions for 8-bit products: VNNI or AMX. Without them Torch's library has
/// nothing but a plain loop, a thousand times slower.
bool has_int8_units();

/// x [M, inputs] bfloat16 times weightᵀ plus bias -> [M, outputs] bfloat16, summed in float32.
class Bfloat16Product {
 public:
  /// weight [outputs, inputs], bias [outputs]; laid out for M = `rows`, others work too. REQUIRES:
  /// takes_bfloat16().
  Bfloat16Product(const at::Tensor& weight, const at::Tensor& bias, std::int64_t rows);
  at::Tensor operator()(const at::Tensor& x) const;

 private:
  at::Tensor weight_;  // packed
  at::Tensor bias_;
};

/// x [M, inputs] int8 times the int8 rows of the weight, each with a scale of its own: exact in
/// 32-bit integers. The scales of x's rows and the bias are left to the pass that reads the result
/// (kernels/quantised_rows.h).
class Int8Product {
 public:
  Int8Product(const at::Tensor& weight, const at::Tensor& bias, std::int64_t rows);
  /// -> [M, outputs] of `type`, float32 or, with takes_bfloat16(), bfloat16, scales of the weights'
  /// rows included.
  at::Tensor operator()(const at::Tensor& x, at::ScalarType type) const;
  const at::Tensor& bias() const { return bias_; }  // [outputs] float32

 private:
  at::Tensor weight_;  // packed
  at::Tensor scales_;  // [outputs] float32
  at::Tensor zeros_;   // [outputs], the zero points
  at::Tensor bias_;
};

}  // namespace tessera::nn
