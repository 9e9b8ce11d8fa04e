#include "nn/convolution.h"

#include <torch/nn.h>

#include "nn/linear.h"

namespace tessera::nn {

ConvolutionImpl::ConvolutionImpl(const Options& o) {
  weight = register_parameter("weight", at::empty({o.outputs, o.inputs, o.window, o.window}));
  bias = register_parameter("bias", at::empty({o.outputs}));
}

at::Tensor ConvolutionImpl::forward(const at::Tensor& x) {
  const std::int64_t border = weight.size(2) / 2;
  return at::conv2d(for_product(x, weight), weight, bias, /*stride=*/1, /*padding=*/border);
}

}  // namespace tessera::nn
