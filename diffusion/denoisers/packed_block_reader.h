#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <torch/nn/module.h>

#include "core/free_memory.h"
#include "diffusion/denoisers/transformer_block.h"

namespace tessera::diffusion {

/// The products of a block, laid out; Product is one of nn/packed_product.h.
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

}  // namespace tessera::diffusion
