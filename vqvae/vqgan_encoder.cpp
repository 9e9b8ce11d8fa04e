#include "vqvae/vqgan_encoder.h"

#include <torch/nn.h>

namespace tessera::vqvae {

VqganEncoder::VqganEncoder(const VqVaeOptions& o) {
  const std::size_t levels = o.channel_multipliers.size();
  std::int64_t channels = o.stem_channels > 0 ? o.stem_channels : o.level_channels(0);
  enter_ = register_module("enter", conv3x3(o.image_channels, channels));
  for (std::size_t i = 0; i < levels; ++i) {
    const std::string name = "level" + std::to_string(i);
    Level level;
    for (std::int64_t j = 0; j < o.residual_blocks; ++j) {
      const VqganBlockOptions block{
          .inputs = channels, .outputs = o.level_channels(i), .groups = o.norm_groups};
      level.blocks.push_back(
          register_module(name + "_block" + std::to_string(j), VqganBlock(block)));
      channels = block.outputs;
      if (o.has_attention(i)) {
        level.attention.push_back(register_module(name + "_attention" + std::to_string(j),
                                                  VqganAttention(channels, o.norm_groups)));
      }
    }
    if (i + 1 < levels) {
      level.down = register_module(
          name + "_down",
          torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, 3).stride(2)));
    }
    levels_.push_back(std::move(level));
  }
  middle_ = register_module("middle", VqganMiddle(channels, o.norm_groups));
  norm_ = register_module("norm", vqgan_norm(channels, o.norm_groups));
  leave_ = register_module("leave", conv3x3(channels, o.z_channels));
  to_codes_ = register_module("to_codes", conv1x1(o.z_channels, o.code_dim));
}

at::Tensor VqganEncoder::forward(const at::Tensor& images) {
  at::Tensor x = enter_(images.contiguous(at::MemoryFormat::ChannelsLast));
  for (Level& level : levels_) {
    for (std::size_t j = 0; j < level.blocks.size(); ++j) {
      x = level.blocks[j](x);
      if (!level.attention.empty()) x = level.attention[j](x);
    }
    // The published padding: one row below and one column to the right.
    if (!level.down.is_empty()) x = level.down(at::constant_pad_nd(x, {0, 1, 0, 1}));
  }
  return to_codes_(leave_(norm_swish(norm_, middle_(x))));
}

}  // namespace tessera::vqvae
