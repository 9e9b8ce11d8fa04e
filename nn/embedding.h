#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace tessera::nn {

/// A table of vectors, one a row. Its values are arbitrary until nn::initialise or a load, as those
/// of nn::Linear.
class EmbeddingImpl : public torch::nn::Module {
 public:
  EmbeddingImpl(std::int64_t rows, std::int64_t width);
  at::Tensor forward(const at::Tensor& index);  // [...] int64 in [0, rows) -> [..., width]

  at::Tensor weight;  // [rows, width]
};
TORCH_MODULE(Embedding);

}  // namespace tessera::nn
