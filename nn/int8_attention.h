#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "kernels/int8_attention.h"
#include "nn/attention.h"

namespace tessera::nn {

/// Rows of 8-bit integers, [rows, width], with a scale each (kernels/quantised_rows.h).
struct Int8Rows {
  Int8Rows(std::int64_t rows, std::int64_t width);
  kernels::Int8Rows out() const {
    return {values.mutable_data_ptr<std::int8_t>(), scales.mutable_data_ptr<float>()};
  }
  at::Tensor values;
  at::Tensor scales;
};

/// q, k or v of all heads as a product of Int8Product left it: number i of a row means
/// values[i] * scale of the row + bias[i].
struct ProductColumns {
  at::Tensor values{};  // [rows, D] float32 or bfloat16, columns of a contiguous tensor
  at::Tensor scales{};  // [rows] float32; undefined = 1
  at::Tensor bias{};    // [D] float32; undefined = 0
};

/// Keys and values of an attention layer as bytes.
struct Int8KeysValues {
  at::Tensor packed{};  // [sequences, heads, bytes] int8
  at::Tensor seen{};    // [sequences] int64: rows that may be attended to
  std::int64_t length = 0;
  std::int64_t heads = 0;
  std::int64_t head_width = 0;
};

/// keys and values [sequences * length, D]; visible [sequences, length] bool, or undefined = all.
Int8KeysValues pack_keys_values(const ProductColumns& keys,
                                const ProductColumns& values,
                                std::int64_t sequences,
                                std::int64_t heads,
                                const at::Tensor& visible = {});

/// The same of a condition's.
Int8KeysValues pack_keys_values(const KeysValues& kv, const at::Tensor& visible);

/// Attention of queries [sequences * N, D] to them, on the CPU: kernels/int8_attention.h.
Int8Rows attend(const ProductColumns& queries, const Int8KeysValues& kv);

}  // namespace tessera::nn
