#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace tessera::diffusion {

/// The U-Net of DDPM (Ho et al. 2020, appendix B), Improved DDPM (Nichol and Dhariwal 2021) and ADM
/// (Dhariwal and Nichol 2021), with the cross-attention to a text of latent diffusion (Rombach et
/// al. 2022) where `condition` is "text". "unet/config.json" of a model folder.
struct UNetOptions {
  std::int64_t channels = 3;  // of x_t and of the prediction
  std::int64_t side = 32;     // of the pictures or latents that it is trained on
  std::int64_t base_channels = 128;
  std::vector<std::int64_t> channel_multipliers = {1, 2, 2, 2};  // a halving between levels
  std::int64_t residual_blocks = 2;                              // a level; one more on the way up
  std::vector<std::int64_t> attention_sides = {16};  // sides of the maps that have attention
  std::int64_t heads = 1;
  std::int64_t head_channels = 0;  // above 0: channels of a head, and `heads` is not read
  std::int64_t norm_groups = 32;
  double norm_epsilon = 1e-6;
  std::int64_t time_width = 0;  // of the time vector; 0 = 4 base_channels
  std::string time_order = "sine-first";
  bool time_rescale = false;  // the network is told (t - 1) 1000 / T instead of t - 1
  std::int64_t steps = 1000;  // T
  bool scale_shift_norm = false;
  std::string resample = "convolution";  // convolution, pool, residual
  std::string down_padding = "end";      // end, both: where a strided convolution pads
  double dropout = 0.0;
  bool learned_variance = false;
  std::string condition = "none";  // none, class, text
  std::int64_t classes = 1000;
  std::int64_t condition_width = 128;  // of the text states
  std::int64_t condition_length = 24;  // of the learned null condition
  bool learned_null = true;      // text: a condition of its own; classes: one more row, the last
  bool pooled_text = false;      // add the mean text state to the time vector
  std::int64_t text_layers = 1;  // transformer layers of an attention place that reads a text
  std::int64_t feed_forward_ratio = 4;

  std::int64_t level_channels(std::size_t level) const {
    return base_channels * channel_multipliers.at(level);
  }
  std::int64_t level_side(std::size_t level) const { return side >> level; }
  bool has_attention(std::size_t level) const;
  std::int64_t heads_of(std::int64_t width) const {
    return head_channels > 0 ? width / head_channels : heads;
  }
  std::int64_t time_channels() const { return time_width > 0 ? time_width : 4 * base_channels; }
  std::int64_t outputs() const { return learned_variance ? 2 * channels : channels; }
  void validate() const;  // throws kInvalidArgument naming the field, its value and its range
};

template <typename Visitor>
void visit_fields(Visitor& v, UNetOptions& o) {
  v("channels", o.channels, "channels of the pictures or latents");
  v("side", o.side, "side of the pictures or latents; a multiple of 2 for every level but one");
  v("base_channels", o.base_channels, "channels of the first level over its multiplier");
  v("channel_multipliers", o.channel_multipliers, "channels of each level over base_channels");
  v("residual_blocks", o.residual_blocks, "residual blocks a level; one more on the way up");
  v("attention_sides", o.attention_sides, "sides of the maps that have attention");
  v("heads", o.heads, "attention heads");
  v("head_channels", o.head_channels, "channels of an attention head; 0 = by heads");
  v("norm_groups", o.norm_groups, "groups of each normalisation");
  v("norm_epsilon", o.norm_epsilon, "added to the variance of each normalisation");
  v("time_width", o.time_width, "width of the time vector; 0 = 4 base_channels");
  v("time_order", o.time_order, "sine-first (DDPM) or cosine-first (Improved DDPM) sinusoids");
  v("time_rescale", o.time_rescale, "tell the network (t - 1) 1000 / T instead of t - 1");
  v("steps", o.steps, "steps of the diffusion chain");
  v("scale_shift_norm", o.scale_shift_norm, "the time scales and shifts a norm, else it is added");
  v("resample",
    o.resample,
    "convolution (strided; nearest and a convolution), pool (mean; nearest) or residual (a "
    "residual block that resamples)");
  v("down_padding", o.down_padding, "strided convolutions pad at the end (DDPM) or at both ends");
  v("dropout", o.dropout, "share of a residual block's activations that training drops");
  v("learned_variance", o.learned_variance, "as many outputs again, for the variance");
  v("condition", o.condition, "none, class or text");
  v("classes", o.classes, "classes, where there are some");
  v("condition_width", o.condition_width, "width of the text states");
  v("condition_length", o.condition_length, "length of the learned null condition in tokens");
  v("learned_null", o.learned_null, "a learned null condition; else the empty text stands in");
  v("pooled_text", o.pooled_text, "add the mean text state to the time vector");
  v("text_layers", o.text_layers, "transformer layers of an attention place that reads a text");
  v("feed_forward_ratio", o.feed_forward_ratio, "inner width of those layers' MLP over the width");
}

}  // namespace tessera::diffusion
