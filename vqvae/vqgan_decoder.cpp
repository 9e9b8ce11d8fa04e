#include "vqvae/vqgan_decoder.h"

#include <torch/nn.h>

namespace tessera::vqvae {

VqganDecoder::VqganDecoder(const VqVaeOptions& o) {
  const std::size_t levels = o.channel_multipliers.size();
  std::int64_t channels = o.level_channels(levels - 1);
  from_codes_ = register_module("from_codes", conv1x1(o.code_dim, o.z_channels));
  enter_ = register_module("enter", conv3x3(o.z_channels, channels));
  middle_ = register_module("middle", VqganMiddle(channels, o.norm_groups));
  for (std::size_t i = levels; i-- > 0;) {
    const std::string name = "level" + std::to_string(i);
    Level level;
    for (std::int64_t j = 0; j < o.decoder_blocks; ++j) {
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
    if (i > 0) level.up = register_module(name + "_up", conv3x3(channels, channels));
    levels_.push_back(std::move(level));
  }
  norm_ = register_module("norm", vqgan_norm(channels, o.norm_groups));
  leave_ = register_module("leave", conv3x3(channels, o.image_channels));
}

at::Tensor VqganDecoder::forward(const at::Tensor& vectors) {
  const at::Tensor z = from_codes_(vectors.contiguous(at::MemoryFormat::ChannelsLast));
  at::Tensor x = middle_(enter_(z));
  for (Level& level : levels_) {
    for (std::size_t j = 0; j < level.blocks.size(); ++j) {
      x = level.blocks[j](x);
      if (!level.attention.empty()) x = level.attention[j](x);
    }
    if (!level.up.is_empty()) {
      x = level.up(at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)}));
    }
  }
  return leave_(norm_swish(norm_, x));
}

}  // namespace tessera::vqvae
