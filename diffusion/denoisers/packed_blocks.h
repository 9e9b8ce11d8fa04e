#pragma once

#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/denoisers/transformer_block.h"
#include "nn/packed_product.h"

namespace tessera::diffusion {

/// The blocks of a transformer for a network that only answers, on the CPU: the same function as
/// TransformerBlock's with products in bfloat16 or 8-bit integers, laid out once, and the passes
/// between them fused (kernels/quantised_rows.h). The residual stream and the norms stay
/// float32. Blocks with convolutions stay as they are: see can_pack().
class PackedBlocks {
 public:
  virtual ~PackedBlocks() = default;
  /// What forward() takes, once a prompt: keys and values in the type of attention. visible [B, L]
  /// bool: the condition's rows that are real; undefined = all.
  virtual BlockCondition pack(BlockCondition condition, const at::Tensor& visible) const = 0;
  /// begun [B, N, D] float32, written over -> the stream behind the last block, its branch added,
  /// [copies B, N, D]. With several copies the first self-attention is computed once for all; no
  /// prompt may have a part in its norm then.
  virtual at::Tensor forward(const at::Tensor& begun,
                             const std::vector<BlockNorms>& norms,
                             const std::vector<BlockCondition>& condition,
                             const at::Tensor& mask,
                             std::int64_t copies) const = 0;
};

bool can_pack(const TransformerOptions& options, at::Device device);

/// From the weights as they are now, which the blocks give up one by one: they cannot answer any
/// more. Products are laid out for `rows` rows. REQUIRES: can_pack().
std::unique_ptr<const PackedBlocks> pack_blocks(const TransformerOptions& options,
                                                const std::vector<TransformerBlockImpl*>& blocks,
                                                nn::Precision precision,
                                                std::int64_t rows);

}  // namespace tessera::diffusion
