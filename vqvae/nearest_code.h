#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::vqvae {

/// z [R, D], codebook [K, D], both float32 or both float64 -> index of the nearest code by squared
/// distance, [R] int64; the lowest index wins a tie. Without gradient and never in less than
/// float32, whatever autocast says: codes a rounding apart would swap.
at::Tensor nearest_code(const at::Tensor& z, const at::Tensor& codebook);

}  // namespace tessera::vqvae
