#include "diffusion/denoisers/unet_resample.h"

#include <torch/nn.h>

#include "nn/linear.h"

namespace tessera::diffusion {
namespace {

nn::Convolution same_width(std::int64_t width) {
  return nn::Convolution(nn::ConvolutionImpl::Options{.inputs = width, .outputs = width});
}

}  // namespace

at::Tensor mean_of_quads(const at::Tensor& x) {
  return at::avg_pool2d(x, {2, 2}, {2, 2});
}

at::Tensor repeated(const at::Tensor& x) {
  return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

UNetDownImpl::UNetDownImpl(std::int64_t width, const UNetOptions& o)
    : at_the_end_(o.down_padding == "end") {
  if (o.resample == "convolution") {
    convolution_ = register_module("convolution", same_width(width));
  }
}

at::Tensor UNetDownImpl::forward(const at::Tensor& x) {
  if (!convolution_) return mean_of_quads(x);
  const at::Tensor& weight = convolution_->weight;
  const at::Tensor input = nn::for_product(x, weight);
  return at::conv2d(at_the_end_ ? at::constant_pad_nd(input, {0, 1, 0, 1}) : input,
                    weight,
                    convolution_->bias,
                    /*stride=*/2,
                    /*padding=*/at_the_end_ ? 0 : 1);
}

UNetUpImpl::UNetUpImpl(std::int64_t width, const UNetOptions& o) {
  if (o.resample == "convolution") {
    convolution_ = register_module("convolution", same_width(width));
  }
}

at::Tensor UNetUpImpl::forward(const at::Tensor& x) {
  const at::Tensor larger = repeated(x);
  return convolution_ ? convolution_(larger) : larger;
}

}  // namespace tessera::diffusion
