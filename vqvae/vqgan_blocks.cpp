#include "vqvae/vqgan_blocks.h"

#include <torch/nn.h>

namespace tessera::vqvae {
namespace {

constexpr double kEpsilon = 1e-6;

/// branch + x; into the branch's own memory where no gradient will ask for it.
at::Tensor join(at::Tensor branch, const at::Tensor& x) {
  const bool in_place = !at::GradMode::is_enabled() && branch.scalar_type() == x.scalar_type();
  return in_place ? branch.add_(x) : branch + x;
}

}  // namespace

torch::nn::GroupNorm vqgan_norm(std::int64_t channels, std::int64_t groups) {
  return torch::nn::GroupNorm(torch::nn::GroupNormOptions(groups, channels).eps(kEpsilon));
}

at::Tensor norm_swish(torch::nn::GroupNorm& norm, const at::Tensor& x) {
  at::Tensor y = norm(x);
  return at::GradMode::is_enabled() ? at::silu(y) : at::silu_(y);
}

torch::nn::Conv2d conv3x3(std::int64_t inputs, std::int64_t outputs) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, 3).padding(1));
}

torch::nn::Conv2d conv1x1(std::int64_t inputs, std::int64_t outputs) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, outputs, 1));
}

VqganBlockImpl::VqganBlockImpl(const VqganBlockOptions& o)
    : norm1_(register_module("norm1", vqgan_norm(o.inputs, o.groups))),
      conv1_(register_module("conv1", conv3x3(o.inputs, o.outputs))),
      norm2_(register_module("norm2", vqgan_norm(o.outputs, o.groups))),
      conv2_(register_module("conv2", conv3x3(o.outputs, o.outputs))) {
  if (o.inputs != o.outputs) {
    shortcut_ = register_module("shortcut", conv1x1(o.inputs, o.outputs));
  }
}

at::Tensor VqganBlockImpl::forward(const at::Tensor& x) {
  const at::Tensor branch = conv2_(norm_swish(norm2_, conv1_(norm_swish(norm1_, x))));
  return join(branch, shortcut_.is_empty() ? x : shortcut_(x));
}

void VqganBlockImpl::close() {
  const at::NoGradGuard no_grad;
  conv2_->weight.zero_();
  conv2_->bias.zero_();
}

VqganAttentionImpl::VqganAttentionImpl(std::int64_t channels, std::int64_t groups)
    : norm_(register_module("norm", vqgan_norm(channels, groups))),
      attention_(register_module("attention", nn::SelfAttention(channels, /*heads=*/1))) {}

at::Tensor VqganAttentionImpl::forward(const at::Tensor& x) {
  // Channels-last memory makes both changes of shape free.
  const at::Tensor rows = norm_(x).flatten(2).transpose(1, 2);
  return join(attention_(rows).transpose(1, 2).unflatten(2, {x.size(2), x.size(3)}), x);
}

void VqganAttentionImpl::close() {
  const at::NoGradGuard no_grad;
  for (auto& item : attention_->named_parameters()) {
    if (item.key().rfind("out.", 0) == 0) item.value().zero_();
  }
}

VqganMiddleImpl::VqganMiddleImpl(std::int64_t channels, std::int64_t groups) {
  const VqganBlockOptions block{.inputs = channels, .outputs = channels, .groups = groups};
  block0_ = register_module("block0", VqganBlock(block));
  attention_ = register_module("attention", VqganAttention(channels, groups));
  block1_ = register_module("block1", VqganBlock(block));
}

at::Tensor VqganMiddleImpl::forward(const at::Tensor& x) {
  return block1_(attention_(block0_(x)));
}

}  // namespace tessera::vqvae
