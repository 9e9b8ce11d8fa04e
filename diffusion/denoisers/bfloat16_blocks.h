#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "diffusion/denoisers/packed_blocks.h"

namespace tessera::diffusion {

/// Blocks whose products are in bfloat16, attention's two among them.
std::unique_ptr<const PackedBlocks> pack_bfloat16_blocks(
    const TransformerOptions& options,
    const std::vector<TransformerBlockImpl*>& blocks,
    std::int64_t rows);

}  // namespace tessera::diffusion
