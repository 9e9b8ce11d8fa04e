#include "diffusion/denoisers/int8_blocks.h"

#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "diffusion/denoisers/packed_block_reader.h"
#include "kernels/quantised_rows.h"
#include "nn/int8_attention.h"
#include "nn/packed_product.h"

namespace tessera::diffusion {
namespace {

using nn::Int8Rows;

constexpr std::int64_t kRowsOfAThread = 16;  // at least, in passes over rows

/// Number: what products give and attention takes.
template <typename Number, at::ScalarType type>
class Int8Blocks final : public PackedBlocks {
 public:
  Int8Blocks(std::vector<PackedBlock<nn::Int8Product>> blocks, std::int64_t heads)
      : blocks_(std::move(blocks)), heads_(heads) {}

  BlockCondition pack(BlockCondition condition, const at::Tensor& visible) const override {
    if (condition.text.keys.defined()) {
      condition.text_bytes = nn::pack_keys_values(condition.text, visible);
      condition.text = {};
    }
    return condition;
  }

  at::Tensor forward(const at::Tensor& begun,
                     const std::vector<BlockNorms>& norms,
                     const std::vector<BlockCondition>& condition,
                     const at::Tensor& /*mask: pack() left hidden rows out*/,
                     std::int64_t copies) const override {
    at::Tensor stream = begun;
    std::int64_t batch = stream.size(0);
    Branch branch;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto& block = blocks_[i];
      const Branch qkv = multiply(block.qkv, normed(stream, branch, norms[i].self));
      const nn::Int8KeysValues kv = nn::pack_keys_values(qkv.third(1), qkv.third(2), batch, heads_);
      branch = multiply(block.self_out, nn::attend(qkv.third(0), kv));
      if (i == 0 && copies > 1) {
        stream = stream.repeat({copies, 1, 1});
        branch.values = branch.values.repeat({copies, 1});
        branch.scales = branch.scales.repeat({copies});
        batch *= copies;
      }
      if (block.query) {
        const Branch query = multiply(*block.query, normed(stream, branch, norms[i].cross));
        branch = multiply(*block.cross_out, nn::attend(query.columns(), condition[i].text_bytes));
      }
      const Branch inner =
          multiply(block.up, normed(stream, branch, norm_of_mlp(norms[i], condition[i])));
      branch = multiply(block.down, activated(inner));
    }
    stream.view({-1, stream.size(2)}).add_(scaled(branch));
    return stream;
  }

 private:
  /// A product before the scales of its rows and its bias.
  struct Branch {
    at::Tensor values{};
    at::Tensor scales{};
    at::Tensor bias{};
    kernels::ProductRows<Number> rows() const {
      return {static_cast<const Number*>(values.const_data_ptr()),
              scales.const_data_ptr<float>(),
              bias.const_data_ptr<float>()};
    }
    nn::ProductColumns columns() const { return {values, scales, bias}; }
    /// Of queries, keys and values.
    nn::ProductColumns third(std::int64_t which) const {
      const std::int64_t width = values.size(1) / 3;
      return {values.narrow(1, which * width, width), scales, bias.narrow(0, which * width, width)};
    }
  };

  static Branch multiply(const nn::Int8Product& product, const Int8Rows& rows) {
    return {product(rows.values, type), rows.scales, product.bias()};
  }

  template <typename Pass>
  static void over_rows(std::int64_t rows, const Pass& pass) {
    at::parallel_for(0, rows, kRowsOfAThread, pass);
  }

  /// Adds the branch to the stream; the norm of it.
  static Int8Rows normed(const at::Tensor& stream,
                         const Branch& branch,
                         const nn::NormWeights& weights) {
    const std::int64_t width = stream.size(2);
    const Int8Rows rows(stream.size(0) * stream.size(1), width);
    const kernels::NormToInt8<Number> args{
        .width = width,
        .rows_in_group = stream.size(1),
        .gain_stride = weights.gain.size(0) == 1 ? 0 : width,
        .residual = stream.const_data_ptr<float>(),
        .branch = branch.values.defined() ? branch.rows() : kernels::ProductRows<Number>{},
        .gain = weights.gain.const_data_ptr<float>(),
        .shift = weights.shift.const_data_ptr<float>(),
        .sum = stream.mutable_data_ptr<float>(),
        .out = rows.out()};
    over_rows(rows.values.size(0), [&](std::int64_t first, std::int64_t last) {
      kernels::norm_to_int8(args, first, last);
    });
    return rows;
  }

  static Int8Rows activated(const Branch& inner) {
    const Int8Rows rows(inner.values.size(0), inner.values.size(1));
    const kernels::Gelu2ToInt8<Number> args{
        .width = inner.values.size(1), .in = inner.rows(), .out = rows.out()};
    over_rows(rows.values.size(0), [&](std::int64_t first, std::int64_t last) {
      kernels::gelu2_to_int8(args, first, last);
    });
    return rows;
  }

  /// The numbers that a product means, in its place.
  static at::Tensor scaled(const Branch& product) {
    const kernels::ScaleRows<Number> args{
        .width = product.values.size(1),
        .in = product.rows(),
        .out = static_cast<Number*>(product.values.mutable_data_ptr())};
    over_rows(product.values.size(0), [&](std::int64_t first, std::int64_t last) {
      kernels::scale_rows(args, first, last);
    });
    return product.values;
  }

  std::vector<PackedBlock<nn::Int8Product>> blocks_;
  std::int64_t heads_;
};

}  // namespace

std::unique_ptr<const PackedBlocks> pack_int8_blocks(
    const TransformerOptions& options,
    const std::vector<TransformerBlockImpl*>& blocks,
    std::int64_t rows) {
  auto packed = read_blocks<nn::Int8Product>(options, blocks, rows);
  if (nn::takes_bfloat16()) {
    return std::make_unique<Int8Blocks<kernels::Bfloat16, at::kBFloat16>>(std::move(packed),
                                                                          options.heads);
  }
  return std::make_unique<Int8Blocks<float, at::kFloat>>(std::move(packed), options.heads);
}

}  // namespace tessera::diffusion
