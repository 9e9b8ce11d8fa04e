#include "pipeline/published/known_codecs.h"

#include <array>
#include <cstdint>

#include "core/error.h"
#include "core/listed.h"

namespace tessera::pipeline {
namespace {

struct Known {
  const char* name;
  std::int64_t base_channels;
  std::vector<std::int64_t> multipliers;
  std::int64_t code_dim;
  const char* quantizer;
  std::int64_t codes;
  std::int64_t used;
};

const std::array<Known, 4>& table() {
  static const std::array<Known, 4> known{{
      {"ithq", 64, {1, 2, 4, 8}, 128, "ema", 4096, 4096},
      {"openimages-f8", 128, {1, 1, 2, 4}, 256, "gumbel", 8192, 2887},
      {"imagenet-f16", 128, {1, 1, 2, 2, 4}, 256, "straight-through", 16384, 974},
      {"ffhq-f16", 128, {1, 1, 2, 2, 4}, 256, "straight-through", 1024, 1024},
  }};
  return known;
}

vqvae::VqVaeOptions options_of(const Known& known) {
  return {.architecture = "vqgan",
          .resolution = 256,
          .unshuffle = 1,
          .base_channels = known.base_channels,
          .channel_multipliers = known.multipliers,
          .residual_blocks = 2,
          .decoder_blocks = 3,
          .norm_groups = 32,
          .z_channels = 256,
          .attention_levels = {static_cast<std::int64_t>(known.multipliers.size()) - 1},
          .codebook_size = known.codes,
          .code_dim = known.code_dim,
          .quantizer = known.quantizer,
          .commitment_weight = 1.0,
          .gumbel_kl_weight = 1e-8};
}

}  // namespace

PublishedCodec known_codec(std::string_view name) {
  for (const Known& each : table()) {
    if (each.name == name && each.used < each.codes) {
      return with_used_codes(options_of(each), vqvae::published_code_map(each.codes, each.used));
    }
    if (each.name == name) return {.options = options_of(each)};
  }
  TESSERA_THROW(kNotFound,
                "no published codec is called \"",
                name,
                "\"; known: ",
                listed(table(), &Known::name));
}

std::vector<std::string> known_codec_names() {
  std::vector<std::string> names;
  for (const Known& each : table()) names.emplace_back(each.name);
  return names;
}

}  // namespace tessera::pipeline
