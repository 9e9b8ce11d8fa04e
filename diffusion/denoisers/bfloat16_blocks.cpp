#include "diffusion/denoisers/bfloat16_blocks.h"

#include <optional>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "diffusion/denoisers/packed_block_reader.h"
#include "kernels/residual_norm.h"
#include "nn/gelu2.h"
#include "nn/packed_product.h"

namespace tessera::diffusion {
namespace {

/// [M, D] -> [B, heads, N, D / heads], a view.
at::Tensor split_heads(const at::Tensor& x, std::int64_t batch, std::int64_t heads) {
  return x.view({batch, -1, heads, x.size(1) / heads}).transpose(1, 2);
}

/// [M, D] of attention over the heads, in the order of the rows.
at::Tensor attend(const at::Tensor& query, const nn::KeysValues& kv, const at::Tensor& mask) {
  const std::optional<at::Tensor> bias = mask.defined() ? std::optional(mask) : std::nullopt;
  const at::Tensor heads = at::scaled_dot_product_attention(query, kv.keys, kv.values, bias);
  return heads.transpose(1, 2).flatten(0, 1).flatten(1);
}

at::Tensor self_attend(const at::Tensor& qkv, std::int64_t batch, std::int64_t heads) {
  const auto parts = qkv.chunk(3, 1);
  const auto split = [&](const at::Tensor& part) {
    return part.unflatten(0, {batch, -1}).unflatten(-1, {heads, -1}).transpose(1, 2);
  };
  return attend(split(parts[0]), {split(parts[1]), split(parts[2])}, {});
}

class Bfloat16Blocks final : public PackedBlocks {
 public:
  Bfloat16Blocks(std::vector<PackedBlock<nn::Bfloat16Product>> blocks, std::int64_t heads)
      : blocks_(std::move(blocks)), heads_(heads) {}

  BlockCondition pack(BlockCondition condition, const at::Tensor& /*visible*/) const override {
    if (condition.text.keys.defined()) {
      condition.text = {condition.text.keys.to(at::kBFloat16),
                        condition.text.values.to(at::kBFloat16)};
    }
    return condition;
  }

  at::Tensor forward(const at::Tensor& begun,
                     const std::vector<BlockNorms>& norms,
                     const std::vector<BlockCondition>& condition,
                     const at::Tensor& mask,
                     std::int64_t copies) const override {
    at::Tensor stream = begun;
    std::int64_t batch = stream.size(0);
    at::Tensor branch;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto& block = blocks_[i];
      branch = block.self_out(
          self_attend(block.qkv(normed(stream, branch, norms[i].self)), batch, heads_));
      if (i == 0 && copies > 1) {
        stream = stream.repeat({copies, 1, 1});
        branch = branch.repeat({copies, 1});
        batch *= copies;
      }
      if (block.query) {
        const at::Tensor query = (*block.query)(normed(stream, branch, norms[i].cross));
        branch =
            (*block.cross_out)(attend(split_heads(query, batch, heads_), condition[i].text, mask));
      }
      const at::Tensor inner =
          block.up(normed(stream, branch, norm_of_mlp(norms[i], condition[i])));
      nn::gelu2_in_place(inner);
      branch = block.down(inner);
    }
    stream.view({-1, stream.size(2)}).add_(branch);
    return stream;
  }

 private:
  /// Adds the branch to the stream; the norm of it, [M, D] bfloat16.
  static at::Tensor normed(const at::Tensor& stream,
                           const at::Tensor& branch,
                           const nn::NormWeights& weights) {
    const std::int64_t rows = stream.size(0) * stream.size(1);
    const at::Tensor output = at::empty({rows, stream.size(2)}, at::kBFloat16);
    const at::Tensor moments = at::empty({2, rows}, at::kFloat);
    const kernels::ResidualNorm<kernels::Bfloat16> args{
        .width = stream.size(2),
        .rows_in_group = stream.size(1),
        .gain_stride = weights.gain.size(0) == 1 ? 0 : stream.size(2),
        .residual = stream.const_data_ptr<float>(),
        .branch = branch.defined() ? static_cast<const kernels::Bfloat16*>(branch.const_data_ptr())
                                   : nullptr,
        .gain = weights.gain.const_data_ptr<float>(),
        .shift = weights.shift.const_data_ptr<float>(),
        .sum = branch.defined() ? stream.mutable_data_ptr<float>() : nullptr,
        .output = static_cast<kernels::Bfloat16*>(output.mutable_data_ptr()),
        .mean = moments.mutable_data_ptr<float>(),
        .inverse = moments.mutable_data_ptr<float>() + rows};
    at::parallel_for(0, stream.size(0), 1, [&](std::int64_t first, std::int64_t last) {
      kernels::residual_norm(args, first, last);
    });
    return output;
  }

  std::vector<PackedBlock<nn::Bfloat16Product>> blocks_;
  std::int64_t heads_;
};

}  // namespace

std::unique_ptr<const PackedBlocks> pack_bfloat16_blocks(
    const TransformerOptions& options,
    const std::vector<TransformerBlockImpl*>& blocks,
    std::int64_t rows) {
  return std::make_unique<Bfloat16Blocks>(read_blocks<nn::Bfloat16Product>(options, blocks, rows),
                                          options.heads);
}

}  // namespace tessera::diffusion
