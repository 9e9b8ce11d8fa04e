#include "pipeline/published/codec_options.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "core/error.h"
#include "pipeline/published/config_fields.h"

namespace tessera::pipeline {
namespace {

using vqvae::VqVaeOptions;

constexpr std::int64_t kReferenceGroups = 32;
constexpr std::int64_t kUsualResolution = 256;
constexpr std::size_t kMostLevels = 8;

/// Channels of each level -> base_channels and multipliers.
void set_channels(VqVaeOptions& o, const std::vector<std::int64_t>& channels) {
  o.base_channels = 0;
  for (const std::int64_t each : channels) o.base_channels = std::gcd(o.base_channels, each);
  o.channel_multipliers.clear();
  for (const std::int64_t each : channels) {
    o.channel_multipliers.push_back(o.base_channels > 0 ? each / o.base_channels : 0);
  }
}

VqVaeOptions vqgan_options() {
  return {.architecture = "vqgan", .unshuffle = 1, .commitment_weight = 1.0};
}

/// Options that a file claims: what validate() complains about is the file's fault.
VqVaeOptions checked(VqVaeOptions o, const std::string& where) {
  try {
    o.validate();
  } catch (const Error& error) {
    TESSERA_THROW(kCorruptFile, where, ": ", error.what());
  }
  return o;
}

std::int64_t multiple_of_downsample(const VqVaeOptions& o) {
  const std::int64_t side = o.downsample();
  return std::max<std::int64_t>(1, kUsualResolution / side) * side;
}

/// Attention at level i of `names`, told by one of the two block types.
std::vector<std::int64_t> attention_levels(const ConfigFields& config,
                                           const char* key,
                                           const std::string& plain,
                                           const std::string& attending) {
  std::vector<std::int64_t> levels;
  const std::vector<std::string> names = config.texts(key);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == attending) levels.push_back(static_cast<std::int64_t>(i));
    TESSERA_CHECK(names[i] == attending || names[i] == plain,
                  kInvalidArgument,
                  config.where(),
                  ": ",
                  key,
                  " may be ",
                  plain,
                  " or ",
                  attending,
                  ", got \"",
                  names[i],
                  "\"");
  }
  return levels;
}

/// `value` of a key that may be absent must be the one that Tessera has.
template <typename T>
void expect(const ConfigFields& config, const char* key, const T& wanted) {
  if (!config.has(key)) return;
  TESSERA_CHECK(config.json().at(key) == io::Json(wanted),
                kInvalidArgument,
                config.where(),
                ": ",
                key,
                " must be ",
                io::Json(wanted).dump(),
                ", got ",
                config.json().at(key).dump());
}

void expect_known_network(const ConfigFields& config) {
  expect(config, "norm_type", "group");
  expect(config, "mid_block_add_attention", true);
  const std::string act = config.has("act_fn") ? config.text("act_fn") : "silu";
  TESSERA_CHECK(act == "silu" || act == "swish",
                kInvalidArgument,
                config.where(),
                ": act_fn must be silu, got \"",
                act,
                "\"");
  TESSERA_CHECK(config.whole("in_channels") == config.whole("out_channels"),
                kInvalidArgument,
                config.where(),
                ": in_channels and out_channels must be the same, got ",
                config.whole("in_channels"),
                " and ",
                config.whole("out_channels"));
}

/// "resolution" or an entry of "attn_resolutions": a side, or two equal ones.
std::int64_t side_of(const io::Json& json, const std::string& where, const char* key) {
  const io::Json& side = json.is_array() && json.size() == 2 && json[0] == json[1] ? json[0] : json;
  TESSERA_CHECK(side.is_number_integer(),
                kCorruptFile,
                where,
                ": ",
                key,
                " must be a side or two equal ones, got ",
                json.dump());
  return side.get<std::int64_t>();
}

/// "ddconfig" of taming, "encoder_config.params" of PatchVQGAN.
void read_network(VqVaeOptions& o, const ConfigFields& config) {
  expect(config, "double_z", false);
  expect(config, "resamp_with_conv", true);
  expect(config, "activate_output", false);
  expect(config, "give_pre_end", false);
  o.image_channels = config.whole("in_channels");
  TESSERA_CHECK(config.whole("out_ch") == o.image_channels,
                kInvalidArgument,
                config.where(),
                ": out_ch must be in_channels, got ",
                config.whole("out_ch"));
  o.base_channels = config.whole("ch");
  o.channel_multipliers = config.wholes("ch_mult");
  TESSERA_CHECK(!o.channel_multipliers.empty() && o.channel_multipliers.size() <= kMostLevels,
                kCorruptFile,
                config.where(),
                ": ch_mult must hold 1 to ",
                kMostLevels,
                " numbers, got ",
                o.channel_multipliers.size());
  o.stem_channels = o.channel_multipliers[0] == 1 ? 0 : o.base_channels;
  o.residual_blocks = config.whole("num_res_blocks");
  o.decoder_blocks = o.residual_blocks + 1;
  o.z_channels = config.whole("z_channels");
  o.norm_groups = kReferenceGroups;
  o.resolution = side_of(config.at("resolution"), config.where(), "resolution");
  std::vector<std::int64_t> attended;
  for (const io::Json& side : config.list("attn_resolutions")) {
    attended.push_back(side_of(side, config.where(), "attn_resolutions"));
  }
  o.attention_levels.clear();
  for (std::size_t i = 0; i < o.channel_multipliers.size(); ++i) {
    if (std::find(attended.begin(), attended.end(), o.resolution >> i) != attended.end()) {
      o.attention_levels.push_back(static_cast<std::int64_t>(i));
    }
  }
}

std::string class_of(const ConfigFields& config) {
  const std::string target = config.text("target");
  return target.substr(target.rfind('.') + 1);
}

/// The size of dimension `dim` of a tensor with `dims` dimensions.
class Shapes {
 public:
  Shapes(const io::StateDict& published, std::string where)
      : published_(published), where_(std::move(where)) {}

  bool has(const std::string& name) const { return published_.tensors.count(name) > 0; }

  std::int64_t size(const std::string& name, std::int64_t dims, std::int64_t dim) const {
    const auto found = published_.tensors.find(name);
    TESSERA_CHECK(
        found != published_.tensors.end(), kCorruptFile, where_, ": no tensor \"", name, "\"");
    TESSERA_CHECK(found->second.dim() == dims,
                  kCorruptFile,
                  where_,
                  ": \"",
                  name,
                  "\" must have ",
                  dims,
                  " dimensions, got ",
                  found->second.sizes());
    return found->second.size(dim);
  }

  std::int64_t count(const std::string& before, const std::string& after) const {
    std::int64_t n = 0;
    while (has(before + std::to_string(n) + after)) ++n;
    return n;
  }

 private:
  const io::StateDict& published_;
  std::string where_;
};

void read_quantizer(VqVaeOptions& o, const Shapes& shapes, const std::string& quantize) {
  std::string codebook = quantize + "embedding.weight";
  if (shapes.has(quantize + "embed.weight")) {
    o.quantizer = "gumbel";
    codebook = quantize + "embed.weight";
  } else if (shapes.has(quantize + "embedding")) {
    o.quantizer = "ema";
    codebook = quantize + "embedding";
  } else {
    o.quantizer = "straight-through";
  }
  o.codebook_size = shapes.size(codebook, 2, 0);
  o.code_dim = shapes.size(codebook, 2, 1);
}

}  // namespace

VqVaeOptions codec_options_of_diffusers(const io::Json& json, const std::string& where) {
  const ConfigFields config(json, where);
  expect(config, "_class_name", "VQModel");
  expect_known_network(config);
  VqVaeOptions o = vqgan_options();
  o.image_channels = config.whole("in_channels");
  const std::vector<std::int64_t> channels = config.wholes("block_out_channels");
  const std::size_t levels = channels.size();
  TESSERA_CHECK(levels > 0 && levels <= kMostLevels,
                kCorruptFile,
                where,
                ": block_out_channels must hold 1 to ",
                kMostLevels,
                " numbers, got ",
                levels);
  set_channels(o, channels);
  o.residual_blocks = config.whole("layers_per_block");
  o.decoder_blocks = o.residual_blocks + 1;
  o.norm_groups = config.whole("norm_num_groups");
  o.z_channels = config.whole("latent_channels");
  o.attention_levels =
      attention_levels(config, "down_block_types", "DownEncoderBlock2D", "AttnDownEncoderBlock2D");
  std::vector<std::int64_t> mirrored;
  for (const std::int64_t level :
       attention_levels(config, "up_block_types", "UpDecoderBlock2D", "AttnUpDecoderBlock2D")) {
    mirrored.insert(mirrored.begin(), static_cast<std::int64_t>(levels) - 1 - level);
  }
  TESSERA_CHECK(config.texts("down_block_types").size() == levels &&
                    config.texts("up_block_types").size() == levels &&
                    mirrored == o.attention_levels,
                kInvalidArgument,
                where,
                ": up_block_types must mirror down_block_types, one for each of ",
                levels,
                " block_out_channels");
  o.codebook_size = config.whole("num_vq_embeddings");
  const bool own_length = config.has("vq_embed_dim") && !config.at("vq_embed_dim").is_null();
  o.code_dim = own_length ? config.whole("vq_embed_dim") : o.z_channels;
  o.quantizer = "straight-through";
  o.resolution = multiple_of_downsample(o);
  return checked(std::move(o), where);
}

io::Json diffusers_codec_config(const VqVaeOptions& o) {
  TESSERA_CHECK(
      o.is_vqgan() && o.stem_channels == 0 && o.decoder_blocks == o.residual_blocks + 1,
      kInvalidArgument,
      "a diffusers VQModel has architecture vqgan, no stem_channels and one decoder block "
      "more than residual_blocks; this codec is ",
      o.architecture,
      " with ",
      o.stem_channels,
      ", ",
      o.decoder_blocks,
      " and ",
      o.residual_blocks);
  std::vector<std::int64_t> channels;
  std::vector<std::string> down;
  std::vector<std::string> up;
  for (std::size_t i = 0; i < o.channel_multipliers.size(); ++i) {
    channels.push_back(o.level_channels(i));
    const char* attention = o.has_attention(i) ? "Attn" : "";
    down.push_back(concat(attention, "DownEncoderBlock2D"));
    up.insert(up.begin(), concat(attention, "UpDecoderBlock2D"));
  }
  return {{"_class_name", "VQModel"},
          {"_diffusers_version", "0.8.0"},
          {"act_fn", "silu"},
          {"block_out_channels", channels},
          {"down_block_types", down},
          {"in_channels", o.image_channels},
          {"latent_channels", o.z_channels},
          {"layers_per_block", o.residual_blocks},
          {"norm_num_groups", o.norm_groups},
          {"num_vq_embeddings", o.codebook_size},
          {"out_channels", o.image_channels},
          {"sample_size", o.grid()},
          {"up_block_types", up},
          {"vq_embed_dim", o.code_dim}};
}

VqVaeOptions codec_options_of_yaml(const io::Json& json, const std::string& where) {
  const ConfigFields file(json, where);
  const ConfigFields model = file.has("model") ? file.below("model") : file;
  const std::string kind = class_of(model);
  const ConfigFields params = model.below("params");
  if (kind == "Net2NetTransformer") {
    return codec_options_of_yaml(params.at("first_stage_config"), where);
  }
  VqVaeOptions o = vqgan_options();
  o.codebook_size = params.whole("n_embed");
  o.code_dim = params.whole("embed_dim");
  if (kind == "GumbelVQ") {
    o.quantizer = "gumbel";
    if (params.has("kl_weight")) o.gumbel_kl_weight = params.number("kl_weight");
    read_network(o, params.below("ddconfig"));
  } else if (kind == "VQModel") {
    o.quantizer = "straight-through";
    read_network(o, params.below("ddconfig"));
  } else if (kind == "PatchVQGAN") {
    TESSERA_CHECK(params.text("quantizer_type") == "EMAVQ",
                  kInvalidArgument,
                  where,
                  ": quantizer_type must be EMAVQ, got \"",
                  params.text("quantizer_type"),
                  "\"");
    o.quantizer = "ema";
    read_network(o, params.below("decoder_config").below("params"));
    const VqVaeOptions decoder = o;
    read_network(o, params.below("encoder_config").below("params"));
    TESSERA_CHECK(io::to_json_fields(o) == io::to_json_fields(decoder),
                  kInvalidArgument,
                  where,
                  ": the decoder is not the encoder's mirror");
  } else {
    TESSERA_THROW(kInvalidArgument,
                  where,
                  ": no codec is known by the name \"",
                  kind,
                  "\"; known: PatchVQGAN, GumbelVQ, VQModel, Net2NetTransformer");
  }
  return checked(std::move(o), where);
}

VqVaeOptions codec_options_of_weights(const io::StateDict& published,
                                      const CodecPlace& place,
                                      const std::string& where) {
  const Shapes shapes(published, where);
  const std::string down = place.encoder + "encoder.down.";
  VqVaeOptions o = vqgan_options();
  o.norm_groups = kReferenceGroups;
  const std::int64_t stem = shapes.size(place.encoder + "encoder.conv_in.weight", 4, 0);
  o.image_channels = shapes.size(place.encoder + "encoder.conv_in.weight", 4, 1);
  std::vector<std::int64_t> channels;
  o.attention_levels.clear();
  const std::int64_t levels = shapes.count(down, ".block.0.conv1.weight");
  for (std::int64_t i = 0; i < levels; ++i) {
    const std::string level = down + std::to_string(i);
    channels.push_back(shapes.size(level + ".block.0.conv1.weight", 4, 0));
    if (shapes.has(level + ".attn.0.q.weight")) o.attention_levels.push_back(i);
  }
  set_channels(o, channels);
  o.stem_channels = !channels.empty() && channels[0] == stem ? 0 : stem;
  o.residual_blocks = shapes.count(down + "0.block.", ".conv1.weight");
  o.decoder_blocks = shapes.count(place.decoder + "decoder.up.0.block.", ".conv1.weight");
  o.z_channels = shapes.size(place.encoder + "encoder.conv_out.weight", 4, 0);
  read_quantizer(o, shapes, place.encoder + "quantize.");
  TESSERA_CHECK(levels > 0 && levels <= static_cast<std::int64_t>(kMostLevels),
                kCorruptFile,
                where,
                ": a codec must have 1 to ",
                kMostLevels,
                " levels, this one has ",
                levels);
  o.resolution = multiple_of_downsample(o);
  return checked(std::move(o), where);
}

}  // namespace tessera::pipeline
