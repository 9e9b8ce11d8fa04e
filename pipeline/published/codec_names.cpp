#include "pipeline/published/codec_names.h"

#include <array>
#include <string_view>

namespace tessera::pipeline {
namespace {

enum class Side { kEncoder, kDecoder };

std::string numbered(const char* before, std::size_t number, const char* after, std::size_t last) {
  return before + std::to_string(number) + after + std::to_string(last);
}

/// How one kind of file names the parts of one side; paths are below "encoder." or "decoder.".
struct Layout {
  virtual ~Layout() = default;
  virtual std::string block(Side side, std::size_t level, std::size_t block) const = 0;
  virtual std::string attention(Side side, std::size_t level, std::size_t block) const = 0;
  virtual std::string resample(Side side, std::size_t level) const = 0;
  std::array<const char*, 3> middle{};  // block, attention, block
  const char* shortcut = "";
  const char* norm_out = "";
  const char* attention_norm = "";
  std::array<const char*, 3> qkv{};
  const char* attention_out = "";
};

struct MicrosoftLayout final : Layout {
  MicrosoftLayout() {
    middle = {"mid.block_1", "mid.attn_1", "mid.block_2"};
    shortcut = "nin_shortcut";
    norm_out = "norm_out";
    attention_norm = "norm";
    qkv = {"q", "k", "v"};
    attention_out = "proj_out";
  }
  static const char* levels(Side side) { return side == Side::kEncoder ? "down." : "up."; }
  std::string block(Side side, std::size_t level, std::size_t block) const override {
    return numbered(levels(side), level, ".block.", block);
  }
  std::string attention(Side side, std::size_t level, std::size_t block) const override {
    return numbered(levels(side), level, ".attn.", block);
  }
  std::string resample(Side side, std::size_t level) const override {
    return levels(side) + std::to_string(level) +
           (side == Side::kEncoder ? ".downsample.conv" : ".upsample.conv");
  }
};

struct DiffusersLayout final : Layout {
  DiffusersLayout(std::size_t level_count, AttentionNames names) : levels_(level_count) {
    middle = {"mid_block.resnets.0", "mid_block.attentions.0", "mid_block.resnets.1"};
    shortcut = "conv_shortcut";
    norm_out = "conv_norm_out";
    attention_norm = "group_norm";
    const bool old = names == AttentionNames::kQuery;
    qkv = old ? std::array{"query", "key", "value"} : std::array{"to_q", "to_k", "to_v"};
    attention_out = old ? "proj_attn" : "to_out.0";
  }
  /// The decoder's levels are counted from the lowest resolution up.
  std::string level_path(Side side, std::size_t level) const {
    return side == Side::kEncoder ? "down_blocks." + std::to_string(level)
                                  : "up_blocks." + std::to_string(levels_ - 1 - level);
  }
  std::string block(Side side, std::size_t level, std::size_t block) const override {
    return level_path(side, level) + ".resnets." + std::to_string(block);
  }
  std::string attention(Side side, std::size_t level, std::size_t block) const override {
    return level_path(side, level) + ".attentions." + std::to_string(block);
  }
  std::string resample(Side side, std::size_t level) const override {
    return level_path(side, level) +
           (side == Side::kEncoder ? ".downsamplers.0.conv" : ".upsamplers.0.conv");
  }

 private:
  std::size_t levels_;
};

/// Collects the entries of one side: `ours` and `theirs` are paths below it.
class SideNames {
 public:
  SideNames(NameMap& map, std::string ours, std::string theirs, const Layout& layout)
      : map_(map), ours_(std::move(ours)), theirs_(std::move(theirs)), layout_(layout) {}

  void layer(const std::string& ours, const std::string& theirs) {
    for (const char* part : {".weight", ".bias"}) {
      map_.entries.push_back({ours_ + ours + part, {theirs_ + theirs + part}});
    }
  }

  void block(const std::string& ours, const std::string& theirs, bool with_shortcut) {
    for (const char* part : {".norm1", ".conv1", ".norm2", ".conv2"}) {
      layer(ours + part, theirs + part);
    }
    if (with_shortcut) layer(ours + ".shortcut", theirs + "." + layout_.shortcut);
  }

  void attention(const std::string& ours, const std::string& theirs) {
    layer(ours + ".norm", theirs + "." + layout_.attention_norm);
    for (const char* part : {".weight", ".bias"}) {
      NameEntry stacked{.ours = ours_ + ours + ".attention.qkv" + part};
      for (const char* name : layout_.qkv) {
        stacked.theirs.push_back(theirs_ + theirs + "." + name + part);
      }
      map_.entries.push_back(std::move(stacked));
    }
    layer(ours + ".attention.out", theirs + "." + layout_.attention_out);
  }

  void middle() {
    block("middle.block0", layout_.middle[0], false);
    attention("middle.attention", layout_.middle[1]);
    block("middle.block1", layout_.middle[2], false);
  }

 private:
  NameMap& map_;
  std::string ours_;
  std::string theirs_;
  const Layout& layout_;
};

void add_encoder(NameMap& map,
                 const vqvae::VqVaeOptions& o,
                 const Layout& layout,
                 const std::string& place) {
  SideNames names(map, "encoder.", place + "encoder.", layout);
  std::int64_t channels = o.stem_channels > 0 ? o.stem_channels : o.level_channels(0);
  names.layer("enter", "conv_in");
  for (std::size_t i = 0; i < o.channel_multipliers.size(); ++i) {
    const std::string level = "level" + std::to_string(i);
    for (std::size_t j = 0; j < static_cast<std::size_t>(o.residual_blocks); ++j) {
      const std::string number = std::to_string(j);
      names.block(level + "_block" + number,
                  layout.block(Side::kEncoder, i, j),
                  channels != o.level_channels(i));
      channels = o.level_channels(i);
      if (o.has_attention(i)) {
        names.attention(level + "_attention" + number, layout.attention(Side::kEncoder, i, j));
      }
    }
    if (i + 1 < o.channel_multipliers.size()) {
      names.layer(level + "_down", layout.resample(Side::kEncoder, i));
    }
  }
  names.middle();
  names.layer("norm", layout.norm_out);
  names.layer("leave", "conv_out");
  SideNames(map, "encoder.", place, layout).layer("to_codes", "quant_conv");
}

void add_decoder(NameMap& map,
                 const vqvae::VqVaeOptions& o,
                 const Layout& layout,
                 const std::string& place) {
  SideNames(map, "decoder.", place, layout).layer("from_codes", "post_quant_conv");
  SideNames names(map, "decoder.", place + "decoder.", layout);
  std::int64_t channels = o.level_channels(o.channel_multipliers.size() - 1);
  names.layer("enter", "conv_in");
  names.middle();
  for (std::size_t i = o.channel_multipliers.size(); i-- > 0;) {
    const std::string level = "level" + std::to_string(i);
    for (std::size_t j = 0; j < static_cast<std::size_t>(o.decoder_blocks); ++j) {
      const std::string number = std::to_string(j);
      names.block(level + "_block" + number,
                  layout.block(Side::kDecoder, i, j),
                  channels != o.level_channels(i));
      channels = o.level_channels(i);
      if (o.has_attention(i)) {
        names.attention(level + "_attention" + number, layout.attention(Side::kDecoder, i, j));
      }
    }
    if (i > 0) names.layer(level + "_up", layout.resample(Side::kDecoder, i));
  }
  names.layer("norm", layout.norm_out);
  names.layer("leave", "conv_out");
}

void add_microsoft_quantizer(NameMap& map,
                             const vqvae::VqVaeOptions& o,
                             const std::string& quantize) {
  const auto add = [&](const char* ours, const char* theirs) {
    map.entries.push_back({std::string("quantizer.") + ours, {quantize + theirs}});
  };
  if (o.quantizer == "gumbel") {
    add("proj.weight", "proj.weight");
    add("proj.bias", "proj.bias");
    add("embed", "embed.weight");
  } else if (o.quantizer == "ema") {
    for (const char* name : {"embedding", "cluster_size", "embedding_avg"}) add(name, name);
  } else {
    add("embedding", "embedding.weight");
  }
}

bool starts_with_any_of(const std::string& name, std::initializer_list<std::string> starts) {
  for (const std::string& start : starts) {
    if (name.starts_with(start)) return true;
  }
  return false;
}

}  // namespace

std::optional<CodecPlace> find_codec(const io::StateDict& published) {
  constexpr const char* kFirst = "encoder.conv_in.weight";
  for (const auto& [encoder, decoder] : {std::pair{"", ""},
                                         std::pair{"content_codec.enc.", "content_codec.dec."},
                                         std::pair{"first_stage_model.", "first_stage_model."}}) {
    if (published.tensors.count(std::string(encoder) + kFirst) > 0) {
      return CodecPlace{.encoder = encoder, .decoder = decoder};
    }
  }
  return std::nullopt;
}

io::StateDict tensors_of_codec(const io::StateDict& published, const CodecPlace& place) {
  io::StateDict codec{.metadata = published.metadata};
  for (const auto& item : published.tensors) {
    const bool again =
        place.decoder != place.encoder && item.first.starts_with(place.decoder + "quantize.");
    if (!again && starts_with_any_of(item.first, {place.encoder, place.decoder})) {
      codec.tensors.insert(item);
    }
  }
  return codec;
}

NameMap microsoft_codec_names(const vqvae::VqVaeOptions& options, const CodecPlace& place) {
  NameMap map{.ignored = {place.encoder + "loss.*", place.encoder + "discriminator.*"}};
  const MicrosoftLayout layout;
  add_encoder(map, options, layout, place.encoder);
  add_decoder(map, options, layout, place.decoder);
  add_microsoft_quantizer(map, options, place.encoder + "quantize.");
  return map;
}

AttentionNames attention_names_of(const io::StateDict& published) {
  return published.tensors.count("encoder.mid_block.attentions.0.query.weight") > 0
             ? AttentionNames::kQuery
             : AttentionNames::kToQ;
}

NameMap diffusers_codec_names(const vqvae::VqVaeOptions& options, AttentionNames attention) {
  NameMap map;
  const DiffusersLayout layout(options.channel_multipliers.size(), attention);
  add_encoder(map, options, layout, "");
  add_decoder(map, options, layout, "");
  map.entries.push_back({"quantizer.embedding", {"quantize.embedding.weight"}});
  return map;
}

}  // namespace tessera::pipeline
