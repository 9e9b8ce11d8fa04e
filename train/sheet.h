#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::train {

/// Pictures [B, 3, H, W] in [-1, 1] side by side, `columns` in a row, two white pixels between
/// them: [H', W', 3] uint8 on the CPU.
at::Tensor make_sheet(const at::Tensor& pictures, std::int64_t columns = 8);

/// Rows of `columns` pictures of `upper`, each with the same ones of `lower` below it: what
/// make_sheet() lays out as pairs of lines. Both [B, 3, H, W].
at::Tensor above(const at::Tensor& upper, const at::Tensor& lower, std::int64_t columns = 8);

}  // namespace tessera::train
