#include "nn/linear.h"

#include <torch/nn.h>

namespace tessera::nn {

at::Tensor linear(const torch::nn::Linear& layer, const at::Tensor& x) {
  return at::linear(x, layer->weight, layer->bias);
}

}  // namespace tessera::nn
