#include "nn/embedding.h"

#include <torch/nn.h>

namespace tessera::nn {

EmbeddingImpl::EmbeddingImpl(std::int64_t rows, std::int64_t width) {
  weight = register_parameter("weight", at::empty({rows, width}));
}

at::Tensor EmbeddingImpl::forward(const at::Tensor& index) {
  return at::embedding(weight, index);
}

}  // namespace tessera::nn
