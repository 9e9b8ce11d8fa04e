#pragma once

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/normalization.h>
#include <torch/nn/pimpl.h>

#include "diffusion/denoisers/unet_options.h"
#include "nn/convolution.h"
#include "nn/linear.h"
#include "nn/rng.h"

namespace tessera::diffusion {

torch::nn::GroupNorm unet_norm(std::int64_t width, const UNetOptions& options);

/// GroupNorm over [B, C, H, W], computed in float32 whatever the weights are; under autocast on the
/// CPU the input's own type comes back.
at::Tensor normalised(const torch::nn::GroupNorm& norm, const at::Tensor& x);

/// Where dropout's numbers come from: row r of a batch draws from row r of `rng`, a block from a
/// stream of its own.
struct DropoutKey {
  nn::Rng rng{};
  std::int64_t step = 0;
};

/// What a residual block of a U-Net does beside its convolutions.
enum class BlockSampling { kSame, kDown, kUp };

struct ResidualBlockShape {
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  BlockSampling sampling = BlockSampling::kSame;
  std::int64_t number = 0;  // in the network: keys its dropout
};

/// GroupNorm, swish, [resampling], 3x3 convolution; the time vector added, or as scale and shift of
/// the second GroupNorm; swish, dropout, 3x3 convolution that begins at zero; plus the input, by a
/// 1x1 convolution where the channels change.
class UNetResidualBlockImpl : public torch::nn::Module {
 public:
  UNetResidualBlockImpl(const ResidualBlockShape& shape, const UNetOptions& options);
  /// x [B, inputs, H, W], time [B, time_channels] after its swish; `dropout` is read in training
  /// mode only.
  at::Tensor forward(const at::Tensor& x,
                     const at::Tensor& time,
                     const std::optional<DropoutKey>& dropout);

 private:
  at::Tensor drop(const at::Tensor& x, const std::optional<DropoutKey>& key) const;

  ResidualBlockShape shape_;
  double dropout_;
  bool scale_shift_;
  torch::nn::GroupNorm norm_{nullptr};
  nn::Convolution convolution_{nullptr};
  nn::Linear time_{nullptr};
  torch::nn::GroupNorm norm2_{nullptr};
  nn::Convolution out_{nullptr};
  nn::Convolution skip_{nullptr};  // empty where the channels stay
};
TORCH_MODULE(UNetResidualBlock);

}  // namespace tessera::diffusion
