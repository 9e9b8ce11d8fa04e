#include "nn/feed_forward.h"

#include <torch/nn.h>

#include "nn/linear.h"

namespace tessera::nn {
namespace {

constexpr double kGelu2Slope = 1.702;

}  // namespace

FeedForwardImpl::FeedForwardImpl(std::int64_t width, std::int64_t ratio) {
  up_ = register_module("up", torch::nn::Linear(width, ratio * width));
  out_ = register_module("out", torch::nn::Linear(ratio * width, width));
}

at::Tensor FeedForwardImpl::forward(const at::Tensor& x) {
  // gelu2(u) = silu(1.702 u) / 1.702, and SiLU has fused kernels: the factors go to the weights,
  // which are small, instead of two passes over the widest states of the network
  const at::Tensor inner = at::silu(linear(x, up_->weight * kGelu2Slope, up_->bias * kGelu2Slope));
  return linear(inner, out_->weight / kGelu2Slope, out_->bias);
}

}  // namespace tessera::nn
