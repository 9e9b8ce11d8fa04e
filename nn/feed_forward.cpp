#include "nn/feed_forward.h"

#include <algorithm>

#include <torch/nn.h>

#include "nn/gelu2.h"

namespace tessera::nn {
namespace {

constexpr double kGelu2Slope = 1.702;

/// gelu2(u) = silu(1.702 u) / 1.702, and SiLU has fused kernels. Halves are computed in float32.
/// `u` is the caller's own: it may be written over.
at::Tensor gelu2(const at::Tensor& u) {
  if (fits_gelu2_in_place(u)) {
    gelu2_in_place(u);
    return u;
  }
  const at::Tensor wide = u.to(at::promote_types(u.scalar_type(), at::kFloat));
  return (at::silu(wide * kGelu2Slope) / kGelu2Slope).to(u.scalar_type());
}

/// The widest states of the network are made some rows at a time, so that they are still in a cache
/// when they are read, and so that their memory, never much, is used again and again: the allocator
/// gives larger blocks back to the system, which clears each page anew.
constexpr std::int64_t kWideBytes = std::int64_t{16} << 20;

/// [M, D] -> [M, D], without a gradient.
at::Tensor answer(Linear& up, Linear& out, const at::Tensor& rows) {
  const std::int64_t row_bytes = up->weight.size(0) * rows.element_size();
  const std::int64_t piece = std::max<std::int64_t>(64, kWideBytes / row_bytes / 64 * 64);
  if (rows.size(0) <= piece) return out(gelu2(up(rows)));
  const at::Tensor result = at::empty_like(rows);
  for (std::int64_t first = 0; first < rows.size(0); first += piece) {
    const std::int64_t count = std::min(piece, rows.size(0) - first);
    result.narrow(0, first, count).copy_(out(gelu2(up(rows.narrow(0, first, count)))));
  }
  return result;
}

}  // namespace

FeedForwardImpl::FeedForwardImpl(std::int64_t width, std::int64_t ratio) {
  up_ = register_module("up", Linear(width, ratio * width));
  out_ = register_module("out", Linear(ratio * width, width));
}

at::Tensor FeedForwardImpl::forward(const at::Tensor& x) {
  const bool trains = at::GradMode::is_enabled() && up_->weight.requires_grad();
  const bool half = at::isReducedFloatingType(up_->weight.scalar_type());
  if (!trains && !half && x.is_cpu())
    return answer(up_, out_, x.reshape({-1, x.size(-1)})).view(x.sizes());
  if (half) return out_(gelu2(up_(x)));
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
