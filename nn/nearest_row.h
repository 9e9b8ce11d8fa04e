#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::nn {

/// For each row of z [R, D] the row of `table` [K, D] with the least squared distance, [R] int64;
/// the lowest index wins a tie. One pass on a GPU that never writes the distances [R, K], with
/// libtessera_cuda.so; no gradient.
at::Tensor nearest_row(const at::Tensor& z, const at::Tensor& table);

/// Whether nearest_row() takes them: float32 on such a GPU.
bool fits_nearest_row(const at::Tensor& z, const at::Tensor& table);

}  // namespace tessera::nn
