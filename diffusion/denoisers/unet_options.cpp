#include "diffusion/denoisers/unet_options.h"

#include <algorithm>
#include <initializer_list>

#include "core/error.h"
#include "core/listed.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 16;  // of any one size: a file may say anything

void in_range(const char* name, std::int64_t value, std::int64_t least) {
  TESSERA_CHECK(value >= least && value <= kMost,
                kInvalidArgument,
                name,
                " must lie in ",
                least,
                "..",
                kMost,
                ", got ",
                value);
}

void check_sizes(const UNetOptions& o) {
  in_range("channels", o.channels, 1);
  in_range("side", o.side, 1);
  in_range("base_channels", o.base_channels, 4);
  in_range("residual_blocks", o.residual_blocks, 1);
  in_range("heads", o.heads, 1);
  in_range("head_channels", o.head_channels, 0);
  in_range("norm_groups", o.norm_groups, 1);
  in_range("time_width", o.time_width, 0);
  in_range("steps", o.steps, 1);
  in_range("classes", o.classes, 1);
  in_range("condition_width", o.condition_width, 1);
  in_range("condition_length", o.condition_length, 1);
  in_range("text_layers", o.text_layers, 1);
  in_range("feed_forward_ratio", o.feed_forward_ratio, 1);
  TESSERA_CHECK(o.residual_blocks <= 64 && o.text_layers <= 64,
                kInvalidArgument,
                "residual_blocks and text_layers must be at most 64, got ",
                o.residual_blocks,
                " and ",
                o.text_layers);
  TESSERA_CHECK(o.base_channels % 2 == 0,
                kInvalidArgument,
                "base_channels must be even, got ",
                o.base_channels);
}

void check_level(const UNetOptions& o, std::size_t level) {
  const std::int64_t width = o.level_channels(level);
  TESSERA_CHECK(width % o.norm_groups == 0 && width <= kMost,
                kInvalidArgument,
                "norm_groups is ",
                o.norm_groups,
                ", which does not divide the ",
                width,
                " channels of level ",
                level);
  const bool middle = level + 1 == o.channel_multipliers.size();
  if (!middle && !o.has_attention(level)) return;
  const std::int64_t heads = std::max<std::int64_t>(o.heads_of(width), 1);
  TESSERA_CHECK(width % heads == 0 && (o.head_channels == 0 || width % o.head_channels == 0),
                kInvalidArgument,
                o.head_channels > 0 ? "head_channels is " : "heads is ",
                o.head_channels > 0 ? o.head_channels : o.heads,
                ", which does not divide the ",
                width,
                " channels of level ",
                level);
}

}  // namespace

bool UNetOptions::has_attention(std::size_t level) const {
  return std::find(attention_sides.begin(), attention_sides.end(), level_side(level)) !=
         attention_sides.end();
}

void UNetOptions::validate() const {
  check_sizes(*this);
  const std::size_t levels = channel_multipliers.size();
  TESSERA_CHECK(levels >= 1 && levels <= 10,
                kInvalidArgument,
                "channel_multipliers must have 1 to 10 entries, got ",
                levels);
  for (const std::int64_t multiplier : channel_multipliers) {
    in_range("channel_multipliers", multiplier, 1);
  }
  TESSERA_CHECK(side % (std::int64_t{1} << (levels - 1)) == 0,
                kInvalidArgument,
                "side must be a multiple of ",
                std::int64_t{1} << (levels - 1),
                " for ",
                levels,
                " levels, got ",
                side);
  for (std::size_t level = 0; level < levels; ++level) check_level(*this, level);
  check_one_of("time_order", time_order, {"sine-first", "cosine-first"});
  check_one_of("resample", resample, {"convolution", "pool", "residual"});
  check_one_of("down_padding", down_padding, {"end", "both"});
  check_one_of("condition", condition, {"none", "class", "text"});
  TESSERA_CHECK(
      dropout >= 0 && dropout < 1, kInvalidArgument, "dropout must lie in [0, 1), got ", dropout);
  TESSERA_CHECK(norm_epsilon > 0 && norm_epsilon < 1,
                kInvalidArgument,
                "norm_epsilon must lie in (0, 1), got ",
                norm_epsilon);
  TESSERA_CHECK(!pooled_text || condition == "text",
                kInvalidArgument,
                "pooled_text needs the condition text, got \"",
                condition,
                "\"");
}

}  // namespace tessera::diffusion
