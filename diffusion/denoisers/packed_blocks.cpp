#include "diffusion/denoisers/packed_blocks.h"

#include <ATen/core/grad_mode.h>

#include "diffusion/denoisers/bfloat16_blocks.h"
#include "diffusion/denoisers/int8_blocks.h"
#include "kernels/bfloat16.h"

namespace tessera::diffusion {

bool can_pack(const TransformerOptions& options, at::Device device) {
  return device.is_cpu() && options.mlp == "linear" && options.width % kernels::kLanes == 0;
}

std::unique_ptr<const PackedBlocks> pack_blocks(const TransformerOptions& options,
                                                const std::vector<TransformerBlockImpl*>& blocks,
                                                nn::Precision precision,
                                                std::int64_t rows) {
  const at::NoGradGuard no_grad;
  return precision == nn::Precision::kBfloat16 ? pack_bfloat16_blocks(options, blocks, rows)
                                               : pack_int8_blocks(options, blocks, rows);
}

}  // namespace tessera::diffusion
