#include "diffusion/denoisers/packed_blocks.h"

#include <optional>
#include <string>
#include <utility>

#include <ATen/Parallel.h>
#include <torch/nn.h>

#include "core/free_memory.h"
#include "kernels/quantised_rows.h"
#include "kernels/residual_norm.h"
#include "nn/gelu2.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kRowsOfAThread = 16;  // at least, in passes over rows

template <typename Product>
struct PackedBlock {
  Product qkv;
  Product self_out;
  std::optional<Product> query{};  // absent without a text
  std::optional<Product> cross_out{};
  Product up;
  Product down;
};

/// Packs products of a block by the names of their weights, and lets go of what it has read.
class BlockReader {
 public:
  BlockReader(TransformerBlockImpl& block, std::int64_t rows)
      : parameters_(block.named_parameters()), rows_(rows) {}

  template <typename Product>
  Product read(const std::string& name) {
    at::Tensor& weight = parameters_[name + ".weight"];
    Product product(weight, parameters_[name + ".bias"], rows_);
    weight.set_data(at::empty({0}, weight.options()));
    return product;
  }

 private:
  torch::OrderedDict<std::string, at::Tensor> parameters_;
  std::int64_t rows_;
};

template <typename Product>
std::vector<PackedBlock<Product>> read_blocks(const TransformerOptions& options,
                                              const std::vector<TransformerBlockImpl*>& blocks,
                                              std::int64_t rows) {
  std::vector<PackedBlock<Product>> packed;
  for (TransformerBlockImpl* block : blocks) {
    BlockReader reader(*block, rows);
    packed.push_back({.qkv = reader.read<Product>("self_attention.qkv"),
                      .self_out = reader.read<Product>("self_attention.out"),
                      .up = reader.read<Product>("mlp.up"),
                      .down = reader.read<Product>("mlp.out")});
    if (options.condition == "text") {
      packed.back().query = reader.read<Product>("cross_attention.query");
      packed.back().cross_out = reader.read<Product>("cross_attention.out");
    }
    give_back_freed_memory();  // at every block, or both kinds of weights stand side by side
  }
  return packed;
}

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

BlockCondition with_type(BlockCondition condition, at::ScalarType type) {
  if (condition.text.keys.defined()) {
    condition.text = {condition.text.keys.to(type), condition.text.values.to(type)};
  }
  return condition;
}

const nn::NormWeights& norm_of_mlp(const BlockNorms& norms, const BlockCondition& condition) {
  return condition.mlp.gain.defined() ? condition.mlp : norms.mlp;
}

class Bfloat16Blocks final : public PackedBlocks {
 public:
  Bfloat16Blocks(std::vector<PackedBlock<nn::Bfloat16Product>> blocks, std::int64_t heads)
      : blocks_(std::move(blocks)), heads_(heads) {}

  BlockCondition pack(const BlockCondition& condition) const override {
    return with_type(condition, at::kBFloat16);
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

/// Rows of 8-bit integers with their scales.
struct Int8Rows {
  Int8Rows(std::int64_t rows, std::int64_t width)
      : values(at::empty({rows, width}, at::kChar)), scales(at::empty({rows}, at::kFloat)) {}
  kernels::Int8Rows out() const {
    return {values.mutable_data_ptr<std::int8_t>(), scales.mutable_data_ptr<float>()};
  }
  at::Tensor values;
  at::Tensor scales;
};

/// Number: what products give and attention takes.
template <typename Number, at::ScalarType type>
class Int8Blocks final : public PackedBlocks {
 public:
  Int8Blocks(std::vector<PackedBlock<nn::Int8Product>> blocks, std::int64_t heads)
      : blocks_(std::move(blocks)), heads_(heads) {}

  BlockCondition pack(const BlockCondition& condition) const override {
    return with_type(condition, type);
  }

  at::Tensor forward(const at::Tensor& begun,
                     const std::vector<BlockNorms>& norms,
                     const std::vector<BlockCondition>& condition,
                     const at::Tensor& mask,
                     std::int64_t copies) const override {
    at::Tensor stream = begun;
    std::int64_t batch = stream.size(0);
    Branch branch;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto& block = blocks_[i];
      const Branch qkv = multiply(block.qkv, normed(stream, branch, norms[i].self));
      branch = multiply(block.self_out, quantised(self_attend(scaled(qkv), batch, heads_)));
      if (i == 0 && copies > 1) {
        stream = stream.repeat({copies, 1, 1});
        branch.values = branch.values.repeat({copies, 1});
        branch.scales = branch.scales.repeat({copies});
        batch *= copies;
      }
      if (block.query) {
        const Branch query = multiply(*block.query, normed(stream, branch, norms[i].cross));
        branch = multiply(
            *block.cross_out,
            quantised(attend(split_heads(scaled(query), batch, heads_), condition[i].text, mask)));
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

  static Int8Rows quantised(const at::Tensor& x) {
    const at::Tensor plain = x.contiguous();
    const Int8Rows rows(x.size(0), x.size(1));
    const kernels::RowsToInt8<Number> args{.width = x.size(1),
                                           .in = static_cast<const Number*>(plain.const_data_ptr()),
                                           .out = rows.out()};
    over_rows(x.size(0), [&](std::int64_t first, std::int64_t last) {
      kernels::rows_to_int8(args, first, last);
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

bool can_pack(const TransformerOptions& options, at::Device device) {
  return device.is_cpu() && options.mlp == "linear" && options.width % kernels::kLanes == 0;
}

std::unique_ptr<const PackedBlocks> pack_blocks(const TransformerOptions& options,
                                                const std::vector<TransformerBlockImpl*>& blocks,
                                                nn::Precision precision,
                                                std::int64_t rows) {
  const at::NoGradGuard no_grad;
  if (precision == nn::Precision::kBfloat16) {
    return std::make_unique<Bfloat16Blocks>(read_blocks<nn::Bfloat16Product>(options, blocks, rows),
                                            options.heads);
  }
  auto packed = read_blocks<nn::Int8Product>(options, blocks, rows);
  if (nn::has_bfloat16_units()) {
    return std::make_unique<Int8Blocks<kernels::Bfloat16, at::kBFloat16>>(std::move(packed),
                                                                          options.heads);
  }
  return std::make_unique<Int8Blocks<float, at::kFloat>>(std::move(packed), options.heads);
}

}  // namespace tessera::diffusion
