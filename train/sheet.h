#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::train {

/// Pictures [B, 3, H, W] in [-1, 1] side by side, `columns` in a row, two white pixels between
/// them: [H', W', 3] uint8 on the CPU.
at::Tensor make_sheet(const at::Tensor& pictures, std::int64_t columns = 8);

}  // namespace tessera::train
