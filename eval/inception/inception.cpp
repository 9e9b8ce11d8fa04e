#include "eval/inception/inception.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "eval/inception/layers.h"

namespace tessera::eval {
namespace {

const InceptionLayer& layer_named(const std::string& name) {
  static const std::map<std::string, const InceptionLayer*> by_name = [] {
    std::map<std::string, const InceptionLayer*> out;
    for (const InceptionLayer& layer : inception_layers()) out.emplace(layer.name, &layer);
    return out;
  }();
  return *by_name.at(name);
}

/// 3 x 3 means of the pixels that there are: the border does not count as zeros.
at::Tensor neighbourhood_mean(const at::Tensor& x) {
  return at::avg_pool2d(x, {3, 3}, {1, 1}, {1, 1}, false, /*count_include_pad=*/false);
}

at::Tensor halved_maximum(const at::Tensor& x) {
  return at::max_pool2d(x, {3, 3}, {2, 2});
}

constexpr std::int64_t kSpatialChannels = 7;
constexpr const char* kSpatialBlock = "Mixed_6d";

}  // namespace

Inception::Inception(const InceptionWeights& weights, at::Device device, at::ScalarType type)
    : classes_(weights.classes.to(device)), device_(device), type_(type) {
  for (const auto& [name, convolution] : weights.convolutions) {
    convolutions_[name] = {
        .weight = convolution.weight.to(device, type).contiguous(at::MemoryFormat::ChannelsLast),
        .bias = convolution.bias.to(device, type)};
  }
}

at::Tensor Inception::convolve(const at::Tensor& x, const std::string& name) const {
  const InceptionLayer& layer = layer_named(name);
  const FoldedConvolution& convolution = convolutions_.at(name);
  return at::conv2d(x,
                    convolution.weight,
                    convolution.bias,
                    {layer.stride, layer.stride},
                    {layer.padding.height, layer.padding.width})
      .relu_();
}

at::Tensor Inception::block_35(const at::Tensor& x, const std::string& name) const {
  const auto go = [&](const at::Tensor& y, const char* branch) {
    return convolve(y, name + branch);
  };
  return at::cat({go(x, ".branch1x1"),
                  go(go(x, ".branch5x5_1"), ".branch5x5_2"),
                  go(go(go(x, ".branch3x3dbl_1"), ".branch3x3dbl_2"), ".branch3x3dbl_3"),
                  go(neighbourhood_mean(x), ".branch_pool")},
                 1);
}

at::Tensor Inception::block_35_to_17(const at::Tensor& x, const std::string& name) const {
  const auto go = [&](const at::Tensor& y, const char* branch) {
    return convolve(y, name + branch);
  };
  return at::cat({go(x, ".branch3x3"),
                  go(go(go(x, ".branch3x3dbl_1"), ".branch3x3dbl_2"), ".branch3x3dbl_3"),
                  halved_maximum(x)},
                 1);
}

at::Tensor Inception::block_17(const at::Tensor& x, const std::string& name) const {
  const auto go = [&](const at::Tensor& y, const char* branch) {
    return convolve(y, name + branch);
  };
  at::Tensor two = x;
  for (const char* branch : {".branch7x7_1", ".branch7x7_2", ".branch7x7_3"}) two = go(two, branch);
  at::Tensor four = x;
  for (const char* branch : {".branch7x7dbl_1",
                             ".branch7x7dbl_2",
                             ".branch7x7dbl_3",
                             ".branch7x7dbl_4",
                             ".branch7x7dbl_5"}) {
    four = go(four, branch);
  }
  return at::cat({go(x, ".branch1x1"), two, four, go(neighbourhood_mean(x), ".branch_pool")}, 1);
}

at::Tensor Inception::block_17_to_8(const at::Tensor& x, const std::string& name) const {
  const auto go = [&](const at::Tensor& y, const char* branch) {
    return convolve(y, name + branch);
  };
  at::Tensor deep = x;
  for (const char* branch :
       {".branch7x7x3_1", ".branch7x7x3_2", ".branch7x7x3_3", ".branch7x7x3_4"}) {
    deep = go(deep, branch);
  }
  return at::cat({go(go(x, ".branch3x3_1"), ".branch3x3_2"), deep, halved_maximum(x)}, 1);
}

at::Tensor Inception::block_8(const at::Tensor& x, const std::string& name, LastPool pool) const {
  const auto go = [&](const at::Tensor& y, const char* branch) {
    return convolve(y, name + branch);
  };
  const at::Tensor one = go(x, ".branch3x3_1");
  const at::Tensor two = go(go(x, ".branch3x3dbl_1"), ".branch3x3dbl_2");
  const at::Tensor pooled = pool == LastPool::kMaximum ? at::max_pool2d(x, {3, 3}, {1, 1}, {1, 1})
                                                       : neighbourhood_mean(x);
  return at::cat({go(x, ".branch1x1"),
                  go(one, ".branch3x3_2a"),
                  go(one, ".branch3x3_2b"),
                  go(two, ".branch3x3dbl_3a"),
                  go(two, ".branch3x3dbl_3b"),
                  go(pooled, ".branch_pool")},
                 1);
}

Features Inception::forward(const at::Tensor& inputs) const {
  TESSERA_CHECK(inputs.dim() == 4 && inputs.size(1) == 3 && inputs.size(2) == kInceptionSide &&
                    inputs.size(3) == kInceptionSide,
                kShapeMismatch,
                "the Inception network takes [B, 3, 299, 299], got ",
                inputs.sizes());
  const at::NoGradGuard no_grad;
  at::Tensor x = inputs.to(device_, type_).contiguous(at::MemoryFormat::ChannelsLast);
  for (const char* name : {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3"})
    x = convolve(x, name);
  x = halved_maximum(x);
  x = convolve(convolve(x, "Conv2d_3b_1x1"), "Conv2d_4a_3x3");
  x = halved_maximum(x);
  for (const char* name : {"Mixed_5b", "Mixed_5c", "Mixed_5d"}) x = block_35(x, name);
  x = block_35_to_17(x, "Mixed_6a");
  at::Tensor spatial;
  for (const char* name : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"}) {
    x = block_17(x, name);
    // The block's first branch comes first in its output.
    if (std::string_view(name) == kSpatialBlock) spatial = x.narrow(1, 0, kSpatialChannels);
  }
  x = block_17_to_8(x, "Mixed_7a");
  x = block_8(block_8(x, "Mixed_7b", LastPool::kMean), "Mixed_7c", LastPool::kMaximum);
  const at::Tensor pooled = x.to(at::kFloat).mean({2, 3});
  return {.pooled = pooled.cpu(),
          .spatial = spatial.to(at::kCPU, at::kFloat).permute({0, 2, 3, 1}).flatten(1),
          .logits = at::linear(pooled, classes_).cpu()};
}

}  // namespace tessera::eval
