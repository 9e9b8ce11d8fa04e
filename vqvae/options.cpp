#include "vqvae/options.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "core/error.h"

namespace tessera::vqvae {
namespace {

constexpr std::int64_t kMostCodes = 1 << 20;

void check_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
  TESSERA_CHECK(value >= low && value <= high,
                kInvalidArgument,
                name,
                " must be in ",
                low,
                "..",
                high,
                ", got ",
                value);
}

void check_known(const char* name,
                 const std::string& value,
                 std::initializer_list<std::string_view> known) {
  if (std::find(known.begin(), known.end(), value) != known.end()) return;
  std::string list;
  for (const std::string_view one : known) {
    list += concat(list.empty() ? "" : one == *(known.end() - 1) ? " or " : ", ", one);
  }
  TESSERA_THROW(kInvalidArgument, name, " must be ", list, ", got \"", value, "\"");
}

void check_vqgan(const VqVaeOptions& o) {
  TESSERA_CHECK(o.unshuffle == 1,
                kInvalidArgument,
                "unshuffle must be 1 where architecture is vqgan, got ",
                o.unshuffle);
  TESSERA_CHECK(o.attention_blocks == 0,
                kInvalidArgument,
                "attention_blocks must be 0 where architecture is vqgan (see attention_levels), "
                "got ",
                o.attention_blocks);
  check_range("residual_blocks", o.residual_blocks, 1, 64);
  check_range("decoder_blocks", o.decoder_blocks, 1, 64);
  check_range("norm_groups", o.norm_groups, 1, 4096);
  check_range("z_channels", o.z_channels, 1, 4096);
  check_range("stem_channels", o.stem_channels, 0, 4096);
  const auto levels = static_cast<std::int64_t>(o.channel_multipliers.size());
  for (const std::int64_t level : o.attention_levels) {
    check_range("attention_levels", level, 0, levels - 1);
  }
  const auto normed = [&](const char* name, std::int64_t channels) {
    TESSERA_CHECK(channels % o.norm_groups == 0,
                  kInvalidArgument,
                  name,
                  " must be a multiple of norm_groups (",
                  o.norm_groups,
                  "), got ",
                  channels);
  };
  normed("stem_channels", o.stem_channels);
  for (std::size_t i = 0; i < o.channel_multipliers.size(); ++i) {
    normed("the channels of a level", o.level_channels(i));
  }
}

}  // namespace

bool VqVaeOptions::has_attention(std::size_t level) const {
  return std::find(attention_levels.begin(),
                   attention_levels.end(),
                   static_cast<std::int64_t>(level)) != attention_levels.end();
}

void VqVaeOptions::validate() const {
  check_known("architecture", architecture, {"unshuffle", "vqgan"});
  check_range("image_channels", image_channels, 1, 16);
  TESSERA_CHECK(unshuffle == 1 || unshuffle == 2 || unshuffle == 4,
                kInvalidArgument,
                "unshuffle must be 1, 2 or 4, got ",
                unshuffle);
  check_range("base_channels", base_channels, 1, 4096);
  TESSERA_CHECK(!channel_multipliers.empty() && channel_multipliers.size() <= 8,
                kInvalidArgument,
                "channel_multipliers must hold 1 to 8 numbers, got ",
                channel_multipliers.size());
  for (const std::int64_t multiplier : channel_multipliers) {
    check_range("channel_multipliers", multiplier, 1, 64);
  }
  check_range("resolution", resolution, downsample(), 4096);
  TESSERA_CHECK(resolution % downsample() == 0,
                kInvalidArgument,
                "resolution must be a multiple of ",
                downsample(),
                " (unshuffle and the levels), got ",
                resolution);
  check_range("residual_blocks", residual_blocks, 0, 64);
  check_range("decoder_blocks", decoder_blocks, 0, 64);
  check_range("attention_blocks", attention_blocks, 0, 64);
  if (is_vqgan()) check_vqgan(*this);
  check_range("codebook_size", codebook_size, 2, kMostCodes);
  TESSERA_CHECK(full_codebook_size == 0 ||
                    (full_codebook_size >= codebook_size && full_codebook_size <= kMostCodes),
                kInvalidArgument,
                "full_codebook_size must be 0 or in codebook_size..",
                kMostCodes,
                ", got ",
                full_codebook_size);
  check_range("code_dim", code_dim, 1, 4096);
  check_known("quantizer", quantizer, {"ema", "straight-through", "gumbel"});
  TESSERA_CHECK(commitment_weight >= 0 && commitment_weight <= 100,
                kInvalidArgument,
                "commitment_weight must be in 0..100, got ",
                commitment_weight);
  TESSERA_CHECK(ema_decay >= 0 && ema_decay < 1,
                kInvalidArgument,
                "ema_decay must be at least 0 and below 1, got ",
                ema_decay);
  TESSERA_CHECK(gumbel_temperature > 0 && gumbel_temperature <= 100,
                kInvalidArgument,
                "gumbel_temperature must be above 0 and at most 100, got ",
                gumbel_temperature);
  TESSERA_CHECK(gumbel_kl_weight >= 0 && gumbel_kl_weight <= 100,
                kInvalidArgument,
                "gumbel_kl_weight must be in 0..100, got ",
                gumbel_kl_weight);
}

}  // namespace tessera::vqvae
