#include "diffusion/denoisers/unet_residual_block.h"

#include <torch/nn.h>

#include "core/error.h"
#include "diffusion/denoisers/unet_resample.h"

namespace tessera::diffusion {
namespace {

constexpr std::uint64_t kDropoutStream = 0x64726f70;  // apart from the run's other draws

at::Tensor resampled(const at::Tensor& x, BlockSampling sampling) {
  switch (sampling) {
    case BlockSampling::kDown:
      return mean_of_quads(x);
    case BlockSampling::kUp:
      return repeated(x);
    case BlockSampling::kSame:
      break;
  }
  return x;
}

}  // namespace

torch::nn::GroupNorm unet_norm(std::int64_t width, const UNetOptions& o) {
  return torch::nn::GroupNorm(
      torch::nn::GroupNormOptions(o.norm_groups, width).eps(o.norm_epsilon));
}

at::Tensor normalised(const torch::nn::GroupNorm& norm, const at::Tensor& x) {
  const auto type = at::promote_types(norm->weight.scalar_type(), at::kFloat);
  // The CPU's kernel takes half rows with float weights; elsewhere there is no such kernel.
  const bool mixed = x.is_cpu() && x.scalar_type() == at::kBFloat16;
  return at::group_norm(mixed ? x : x.to(type),
                        norm->options.num_groups(),
                        norm->weight.to(type),
                        norm->bias.to(type),
                        norm->options.eps());
}

UNetResidualBlockImpl::UNetResidualBlockImpl(const ResidualBlockShape& shape, const UNetOptions& o)
    : shape_(shape), dropout_(o.dropout), scale_shift_(o.scale_shift_norm) {
  const std::int64_t in = shape.inputs;
  const std::int64_t out = shape.outputs;
  norm_ = register_module("norm", unet_norm(in, o));
  convolution_ = register_module(
      "convolution", nn::Convolution(nn::ConvolutionImpl::Options{.inputs = in, .outputs = out}));
  time_ =
      register_module("time", nn::Linear(o.time_channels(), o.scale_shift_norm ? 2 * out : out));
  norm2_ = register_module("norm2", unet_norm(out, o));
  out_ = register_module(
      "out", nn::Convolution(nn::ConvolutionImpl::Options{.inputs = out, .outputs = out}));
  if (in != out) {
    skip_ = register_module(
        "skip",
        nn::Convolution(nn::ConvolutionImpl::Options{.inputs = in, .outputs = out, .window = 1}));
  }
}

at::Tensor UNetResidualBlockImpl::drop(const at::Tensor& x,
                                       const std::optional<DropoutKey>& key) const {
  if (!is_training() || dropout_ <= 0) return x;
  TESSERA_CHECK(key, kInternal, "training with dropout needs the noise that it is keyed by");
  nn::Rng rng = key->rng;
  rng.seed ^= kDropoutStream + static_cast<std::uint64_t>(shape_.number);
  const at::Tensor kept =
      rng.uniform(Purpose::kDropout, key->step, x.sizes().slice(1), x.device()) >= dropout_;
  return x * kept / (1.0 - dropout_);
}

at::Tensor UNetResidualBlockImpl::forward(const at::Tensor& x,
                                          const at::Tensor& time,
                                          const std::optional<DropoutKey>& dropout) {
  at::Tensor h = resampled(at::silu(normalised(norm_, x)), shape_.sampling);
  h = convolution_(h);
  const auto type = at::promote_types(norm_->weight.scalar_type(), at::kFloat);
  const at::Tensor vector = time_(time).to(type).unsqueeze(-1).unsqueeze(-1);
  if (scale_shift_) {
    const auto halves = vector.chunk(2, 1);
    h = normalised(norm2_, h) * (halves[0] + 1.0) + halves[1];
  } else {
    h = normalised(norm2_, h + vector);
  }
  h = out_(drop(at::silu(h), dropout));
  const at::Tensor input = resampled(x, shape_.sampling);
  const at::Tensor skip = skip_ ? skip_(input) : input;
  return skip + h.to(at::promote_types(skip.scalar_type(), at::kFloat));
}

}  // namespace tessera::diffusion
