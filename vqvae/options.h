#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace tessera::vqvae {

/// Sizes and rules of a VQ-VAE; "vqvae/config.json" of a model folder. Level 0 of the channel
/// multipliers has the full resolution (after `unshuffle`), the last one the token grid's.
struct VqVaeOptions {
  std::string architecture = "unshuffle";  // unshuffle, vqgan: which networks stand at either end
  std::int64_t image_channels = 3;
  std::int64_t resolution = 64;  // side of the training pictures; fixes the default token grid
  std::int64_t unshuffle = 2;    // pixel-unshuffle before the first layer, shuffle after the last
  std::int64_t base_channels = 32;
  std::vector<std::int64_t> channel_multipliers = {1, 2, 4};  // a downsampling by 2 between levels
  std::int64_t residual_blocks = 2;                           // per level, in the encoder
  std::int64_t decoder_blocks = 2;                            // per level, in the decoder
  std::int64_t attention_blocks = 0;  // unshuffle: blocks at the token grid, each side
  std::int64_t norm_groups = 32;      // vqgan: groups of each normalisation
  std::int64_t z_channels = 256;      // vqgan: between the network and the 1x1 product to codes
  std::int64_t stem_channels = 0;     // vqgan: behind the encoder's first layer; 0 = level 0's
  std::vector<std::int64_t> attention_levels = {};  // vqgan: attention behind each of their blocks
  std::int64_t codebook_size = 1024;                // K, what the rest of the program sees
  std::int64_t full_codebook_size = 0;              // codes in the file, of which K are used; 0 = K
  std::int64_t code_dim = 32;                       // D
  std::string quantizer = "ema";                    // ema, straight-through, gumbel
  double commitment_weight = 0.25;                  // beta
  double ema_decay = 0.99;
  double gumbel_temperature = 1.0;
  double gumbel_kl_weight = 5e-4;  // of KL(codes of a position || uniform), in nats
  bool gumbel_hard = true;         // one code forwards in training, soft mixture backwards

  bool is_vqgan() const { return architecture == "vqgan"; }
  std::int64_t level_channels(std::size_t level) const {
    return base_channels * channel_multipliers.at(level);
  }
  bool has_attention(std::size_t level) const;  // vqgan
  std::int64_t downsample() const { return unshuffle << (channel_multipliers.size() - 1); }
  std::int64_t grid() const { return resolution / downsample(); }  // tokens a side
  void validate() const;  // throws kInvalidArgument naming the field, its value and its range
};

template <typename Visitor>
void visit_fields(Visitor& v, VqVaeOptions& o) {
  v("architecture", o.architecture, "unshuffle, or vqgan: the network of published codecs");
  v("image_channels", o.image_channels, "channels of the pictures");
  v("resolution", o.resolution, "side of the training pictures in pixels");
  v("unshuffle", o.unshuffle, "pixel-unshuffle factor before the first layer (1, 2 or 4)");
  v("base_channels", o.base_channels, "channels of the first level");
  v("channel_multipliers", o.channel_multipliers, "channels of each level over base_channels");
  v("residual_blocks", o.residual_blocks, "residual blocks a level in the encoder");
  v("decoder_blocks", o.decoder_blocks, "residual blocks a level in the decoder");
  v("attention_blocks", o.attention_blocks, "self-attention blocks at the token grid, each side");
  v("norm_groups", o.norm_groups, "vqgan: groups of each normalisation");
  v("z_channels", o.z_channels, "vqgan: channels between the network and the product to codes");
  v("stem_channels", o.stem_channels, "vqgan: channels of the first layer; 0 = those of level 0");
  v("attention_levels", o.attention_levels, "vqgan: levels with attention behind each block");
  v("codebook_size", o.codebook_size, "number of codes K");
  v("full_codebook_size", o.full_codebook_size, "codes of which K are used; 0 = K");
  v("code_dim", o.code_dim, "length of a code vector");
  v("quantizer", o.quantizer, "ema, straight-through or gumbel");
  v("commitment_weight", o.commitment_weight, "beta of the commitment loss");
  v("ema_decay", o.ema_decay, "decay of the codebook's moving averages");
  v("gumbel_temperature", o.gumbel_temperature, "temperature of the Gumbel quantiser");
  v("gumbel_kl_weight", o.gumbel_kl_weight, "weight of the Gumbel quantiser's KL to uniform");
  v("gumbel_hard", o.gumbel_hard, "Gumbel: one code forwards, the soft mixture backwards");
}

}  // namespace tessera::vqvae
