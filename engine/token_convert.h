#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "engine/token_grid.h"

namespace tessera::engine {

/// [H, W] int64 on any device, a code or K for a masked place each -> a grid without confidences.
TokenGrid to_token_grid(const at::Tensor& codes, std::int64_t codebook);

/// -> [1, H, W] int64 on the CPU. Throws kInvalidArgument naming the first cell that is masked or
/// no code of the codebook, or where the number of cells is not width * height.
at::Tensor to_codes(const TokenGrid& grid, std::int64_t codebook);

}  // namespace tessera::engine
