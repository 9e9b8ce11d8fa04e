#include "nn/feed_forward.h"

#include <torch/nn.h>

namespace tessera::nn {
namespace {

constexpr double kGelu2Slope = 1.702;

/// gelu2(u) = silu(1.702 u) / 1.702, and SiLU has fused kernels. Halves are computed in float32.
at::Tensor gelu2(const at::Tensor& u) {
  const at::Tensor wide = u.to(at::promote_types(u.scalar_type(), at::kFloat));
  return (at::silu(wide * kGelu2Slope) / kGelu2Slope).to(u.scalar_type());
}

}  // namespace

FeedForwardImpl::FeedForwardImpl(std::int64_t width, std::int64_t ratio) {
  up_ = register_module("up", Linear(width, ratio * width));
  out_ = register_module("out", Linear(ratio * width, width));
}

at::Tensor FeedForwardImpl::forward(const at::Tensor& x) {
  if (at::isReducedFloatingType(up_->weight.scalar_type())) return out_(gelu2(up_(x)));
  // The factors go to the weights, which are small, instead of two passes over the widest states of
  // the network; weights in half precision would be rounded a second time.
  const at::Tensor inner = at::silu(linear(x, up_->weight * kGelu2Slope, up_->bias * kGelu2Slope));
  return linear(inner, out_->weight / kGelu2Slope, out_->bias);
}

ConvolutionFeedForwardImpl::ConvolutionFeedForwardImpl(const Options& o)
    : grid_height_(o.grid_height) {
  const std::int64_t inner = o.ratio * o.width;
  up_ = register_module("up", Convolution(ConvolutionImpl::Options{o.width, inner}));
  out_ = register_module("out", Convolution(ConvolutionImpl::Options{inner, o.width}));
}

at::Tensor ConvolutionFeedForwardImpl::forward(const at::Tensor& x) {
  // A view: the memory of [B, N, D] is that of an image whose channels come last.
  const at::Tensor grid = x.transpose(1, 2).unflatten(2, {grid_height_, -1});
  return out_(gelu2(up_(grid))).flatten(2).transpose(1, 2);
}

}  // namespace tessera::nn
