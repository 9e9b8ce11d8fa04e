#include "vqvae/encoder.h"

#include <torch/nn.h>

namespace tessera::vqvae {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

Encoder::Encoder(const VqVaeOptions& options) : unshuffle_(options.unshuffle) {
  std::int64_t channels = options.image_channels * unshuffle_ * unshuffle_;
  for (std::size_t i = 0; i < options.channel_multipliers.size(); ++i) {
    const std::string name = "level" + std::to_string(i);
    const std::int64_t wider = options.base_channels * options.channel_multipliers[i];
    Level level;
    level.enter =
        register_module(name + "_enter",
                        i == 0 ? Conv2d(Conv2dOptions(channels, wider, 3).padding(1))
                               : Conv2d(Conv2dOptions(channels, wider, 4).stride(2).padding(1)));
    for (std::int64_t block = 0; block < options.residual_blocks; ++block) {
      level.blocks.push_back(
          register_module(name + "_block" + std::to_string(block), ResidualBlock(wider)));
    }
    levels_.push_back(std::move(level));
    channels = wider;
  }
  context_ = register_module(
      "context",
      GridTransformer(GridTransformerOptions{
          .channels = channels, .blocks = options.attention_blocks, .grid = options.grid()}));
  leave_ = register_module("leave", Conv2d(Conv2dOptions(channels, options.code_dim, 1)));
}

at::Tensor Encoder::forward(const at::Tensor& images) {
  at::Tensor x = images.contiguous(at::MemoryFormat::ChannelsLast);
  // On CUDA the shuffles leave another order of memory, in which convolutions are slower.
  x = at::pixel_unshuffle(x, unshuffle_).contiguous(at::MemoryFormat::ChannelsLast);
  for (Level& level : levels_) {
    x = level.enter(x);
    for (ResidualBlock& block : level.blocks) x = block(x);
  }
  return leave_(context_(x));
}

}  // namespace tessera::vqvae
