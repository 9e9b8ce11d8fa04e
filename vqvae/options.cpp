#include "vqvae/options.h"

#include <algorithm>

#include "core/error.h"

namespace tessera::vqvae {
namespace {

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

}  // namespace

void VqVaeOptions::validate() const {
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
  check_range("codebook_size", codebook_size, 2, 1 << 20);
  check_range("code_dim", code_dim, 1, 4096);
  const auto known = {"ema", "straight-through", "gumbel"};
  TESSERA_CHECK(std::find(known.begin(), known.end(), quantizer) != known.end(),
                kInvalidArgument,
                "quantizer must be ema, straight-through or gumbel, got \"",
                quantizer,
                "\"");
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
