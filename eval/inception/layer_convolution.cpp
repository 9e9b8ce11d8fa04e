#include "eval/inception/layer_convolution.h"

#include <array>
#include <optional>
#include <string_view>

#include <ATen/ATen.h>
#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace tessera::eval {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Pair = std::array<std::int64_t, 2>;

// Torch declares these two for its compiler alone, so they are found by name.

at::Tensor pack(const at::Tensor& weight, const InceptionLayer& layer) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "")
                             .typed<at::Tensor(const at::Tensor&,
                                               at::IntArrayRef,
                                               at::IntArrayRef,
                                               at::IntArrayRef,
                                               std::int64_t,
                                               at::OptionalIntArrayRef)>();
  const Pair padding = {layer.padding.height, layer.padding.width};
  const Pair stride = {layer.stride, layer.stride};
  const Pair dilation = {1, 1};
  const std::array<std::int64_t, 4> input = {kInceptionChunk, layer.in, layer.side, layer.side};
  return op.call(weight, padding, stride, dilation, 1, at::OptionalIntArrayRef(input));
}

at::Tensor convolve(const at::Tensor& x,
                    const at::Tensor& packed,
                    const at::Tensor& bias,
                    const InceptionLayer& layer,
                    std::string_view last) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("mkldnn::_convolution_pointwise", "")
                             .typed<at::Tensor(const at::Tensor&,
                                               const at::Tensor&,
                                               const std::optional<at::Tensor>&,
                                               at::IntArrayRef,
                                               at::IntArrayRef,
                                               at::IntArrayRef,
                                               std::int64_t,
                                               std::string_view,
                                               Scalars,
                                               std::optional<std::string_view>)>();
  const Pair padding = {layer.padding.height, layer.padding.width};
  const Pair stride = {layer.stride, layer.stride};
  const Pair dilation = {1, 1};
  return op.call(x, packed, bias, padding, stride, dilation, 1, last, Scalars(), "");
}

}  // namespace

LayerConvolution::LayerConvolution(const InceptionLayer& layer,
                                   const FoldedConvolution& weights,
                                   at::Device device,
                                   at::ScalarType type)
    : layer_(layer),
      weight_(weights.weight.to(device, type).contiguous(at::MemoryFormat::ChannelsLast)),
      bias_(weights.bias.to(device, type)) {
  if (device.is_cpu() && at::globalContext().userEnabledMkldnn()) packed_ = pack(weight_, layer);
}

bool LayerConvolution::fits_packed(const at::Tensor& x) const {
  return packed_.defined() && x.size(0) == kInceptionChunk && x.size(2) == layer_.side;
}

at::Tensor LayerConvolution::plain(const at::Tensor& x) const {
  return at::conv2d(x,
                    weight_,
                    bias_,
                    {layer_.stride, layer_.stride},
                    {layer_.padding.height, layer_.padding.width});
}

at::Tensor LayerConvolution::rectified(const at::Tensor& x) const {
  return fits_packed(x) ? convolve(x, packed_, bias_, layer_, "relu") : plain(x).relu_();
}

at::Tensor LayerConvolution::linear(const at::Tensor& x) const {
  return fits_packed(x) ? convolve(x, packed_, bias_, layer_, "none") : plain(x);
}

}  // namespace tessera::eval
