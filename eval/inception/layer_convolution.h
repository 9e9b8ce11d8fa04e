#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "eval/inception/layers.h"
#include "eval/inception/weights.h"

namespace tessera::eval {

/// Pictures that the network takes at a time on the CPU: few enough for the first layers, whose
/// states are the largest, to stay in cache; enough for the last ones, whose weights are.
inline constexpr std::int64_t kInceptionChunk = 4;

/// One convolution of the network. On the CPU its weights are laid out once as the processor's
/// products read them, instead of at every call. How depends on the shape of what is read, so that
/// holds for kInceptionChunk pictures; other numbers of them go through the plain operator.
class LayerConvolution {
 public:
  LayerConvolution(const InceptionLayer& layer,
                   const FoldedConvolution& weights,
                   at::Device device,
                   at::ScalarType type);
  /// x [B, in, side, side], channels last.
  at::Tensor rectified(const at::Tensor& x) const;
  /// The same without the rectifier.
  at::Tensor linear(const at::Tensor& x) const;

 private:
  bool fits_packed(const at::Tensor& x) const;
  at::Tensor plain(const at::Tensor& x) const;

  InceptionLayer layer_;
  at::Tensor weight_;  // [out, in, h, w], channels last
  at::Tensor packed_;  // undefined elsewhere than on the CPU
  at::Tensor bias_;
};

}  // namespace tessera::eval
