#include "vqvae/decoder.h"

#include <torch/nn.h>

namespace tessera::vqvae {

using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;

Decoder::Decoder(const VqVaeOptions& options) : unshuffle_(options.unshuffle) {
  std::int64_t channels = options.code_dim;
  for (std::size_t i = options.channel_multipliers.size(); i-- > 0;) {
    const std::string name = "level" + std::to_string(i);
    const std::int64_t next = options.base_channels * options.channel_multipliers[i];
    Level level;
    level.enter =
        register_module(name + "_enter",
                        levels_.empty() ? Conv2d(Conv2dOptions(channels, next, 3).padding(1))
                                        : Conv2d(Conv2dOptions(channels, 4 * next, 1)));
    for (std::int64_t block = 0; block < options.decoder_blocks; ++block) {
      level.blocks.push_back(
          register_module(name + "_block" + std::to_string(block), ResidualBlock(next)));
    }
    if (levels_.empty()) {
      context_ = register_module(
          "context",
          GridTransformer(GridTransformerOptions{
              .channels = next, .blocks = options.attention_blocks, .grid = options.grid()}));
    }
    levels_.push_back(std::move(level));
    channels = next;
  }
  const std::int64_t pixels = options.image_channels * unshuffle_ * unshuffle_;
  leave_ = register_module("leave", Conv2d(Conv2dOptions(channels, pixels, 3).padding(1)));
}

at::Tensor Decoder::forward(const at::Tensor& vectors) {
  at::Tensor x = vectors.contiguous(at::MemoryFormat::ChannelsLast);
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    x = levels_[i].enter(x);
    x = i == 0 ? context_(x) : at::pixel_shuffle(x, 2).contiguous(at::MemoryFormat::ChannelsLast);
    for (ResidualBlock& block : levels_[i].blocks) x = block(x);
  }
  return at::pixel_shuffle(leave_(x), unshuffle_);
}

}  // namespace tessera::vqvae
