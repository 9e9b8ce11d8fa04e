#pragma once

#include <string>

#include "io/state_dict.h"

namespace tessera::io {

/// Matrices, kernels and tables in one byte a weight: row r of the first dimension as integers
/// q in -127 .. 127 with one scale, w = q * scale[r], scale[r] = max|w[r]| / 127. The largest error
/// of a weight is half a scale. Vectors and tensors of fewer than 4096 numbers, which weigh nothing
/// and matter, stay in bfloat16. In the file "x" is I8 and "x.int8_scale" F32 [rows]
/// (docs/formats/safetensors.md).
StateDict to_int8_rows(const StateDict& state);

/// Whether to_int8_rows() made it.
bool has_int8_rows(const StateDict& state);

/// The weights again, matrices in float32. Throws kCorruptFile naming `what` where a scale is
/// missing, of another shape, or without its matrix.
StateDict from_int8_rows(const StateDict& state, const std::string& what);

}  // namespace tessera::io
