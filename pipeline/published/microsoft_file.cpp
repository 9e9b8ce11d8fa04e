#include "pipeline/published/microsoft_file.h"

#include <array>
#include <cmath>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/listed.h"
#include "io/formats/torch_file.h"
#include "io/yaml/yaml.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/codec_names.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/denoiser_names.h"
#include "pipeline/published/microsoft_checkpoint.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 5> kCodecFiles = {"codec_standalone.pth",
                                                    "ithq_vqvae.pth",
                                                    "taming_f8_8192_openimages_last.pth",
                                                    "vqgan_imagenet_f16_16384.pth",
                                                    "vqgan_ffhq_f16_1024.pth"};

/// The value at the first key of this name, wherever it lies; null where there is none.
const io::Json* find_key(const io::Json& json, const std::string& key) {
  if (json.is_object()) {
    if (const auto found = json.find(key); found != json.end()) return &*found;
  }
  if (json.is_structured()) {
    for (const io::Json& inner : json) {
      if (const io::Json* found = find_key(inner, key)) return found;
    }
  }
  return nullptr;
}

/// What shapes do not tell, from config.yaml beside the checkpoint.
MicrosoftDenoiserFacts facts_beside(const fs::path& file) {
  MicrosoftDenoiserFacts facts;
  const fs::path config = file.parent_path() / "config.yaml";
  if (!fs::exists(config)) return facts;
  const io::Json yaml = io::read_yaml(config);
  const auto integer = [&](const io::Json* value, const char* key) {
    TESSERA_CHECK(value->is_number_integer() && value->get<std::int64_t>() > 0,
                  kCorruptFile,
                  config.string(),
                  ": ",
                  key,
                  " must be a whole number above 0");
    return value->get<std::int64_t>();
  };
  if (const io::Json* heads = find_key(yaml, "n_head")) facts.heads = integer(heads, "n_head");
  if (const io::Json* sides = find_key(yaml, "content_spatial_size")) {
    TESSERA_CHECK(sides->is_array() && sides->size() == 2,
                  kCorruptFile,
                  config.string(),
                  ": content_spatial_size must be two numbers");
    facts.grid_height = integer(&(*sides)[0], "content_spatial_size");
    facts.grid_width = integer(&(*sides)[1], "content_spatial_size");
  }
  return facts;
}

/// The codec's file: what was asked for, the checkpoint itself, or a known name beside it.
fs::path codec_file(const fs::path& checkpoint, const io::StateDict& state, const fs::path& asked) {
  if (!asked.empty()) return asked;
  if (find_codec(state)) return checkpoint;
  const fs::path beside = checkpoint.parent_path();
  for (const fs::path& folder : {beside, beside / "taming_dvae", beside / ".." / "taming_dvae"}) {
    for (const char* name : kCodecFiles) {
      if (fs::exists(folder / name)) return folder / name;
    }
  }
  TESSERA_THROW(kNotFound,
                checkpoint.string(),
                ": holds no image codec, and none lies beside it (",
                listed(kCodecFiles),
                "); name its file");
}

vqvae::CodeMap code_map(const fs::path& checkpoint,
                        const fs::path& asked,
                        std::int64_t full,
                        std::int64_t used) {
  const fs::path beside = checkpoint.parent_path();
  const std::string published = concat("taming_vqvae_", used, ".pt");
  for (const fs::path& file : {asked,
                               beside / "index_map.pt",
                               beside / published,
                               beside / "help_folder" / "statistics" / published}) {
    if (file.empty() || (file != asked && !fs::exists(file))) continue;
    return vqvae::code_map_from_index(io::read_torch_file(file).tensor(file.string()));
  }
  return vqvae::published_code_map(full, used);
}

std::optional<std::int64_t> counter(const io::PickleValue& file, const char* key) {
  const io::PickleValue* found = file.find(key);
  const auto* value = found == nullptr ? nullptr : std::get_if<std::int64_t>(&found->data);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

}  // namespace

MicrosoftFile open_microsoft_file(const fs::path& file, const LoadOptions& options) {
  const io::PickleValue read = io::read_torch_file(file);
  MicrosoftCheckpoint checkpoint = microsoft_checkpoint(read, file.string());
  MicrosoftFile opened{
      .file = file,
      .state = std::move(options.averaged ? checkpoint.effective : checkpoint.raw_model),
      .has_average = checkpoint.averaged,
      .last_epoch = counter(read, "last_epoch"),
      .last_iteration = counter(read, "last_iter")};
  opened.denoiser = part_of(opened.state, "transformer.");
  return opened;
}

bool holds_denoiser(const MicrosoftFile& opened) {
  return opened.denoiser.tensors.count("transformer.content_emb.emb.weight") == 1;
}

PublishedPart<diffusion::TransformerOptions> microsoft_denoiser(const MicrosoftFile& opened) {
  const auto options =
      microsoft_denoiser_options(opened.denoiser, facts_beside(opened.file), opened.file.string());
  return {.options = options,
          .weights = opened.denoiser,
          .names = microsoft_denoiser_names(options),
          .files = {opened.file}};
}

PublishedPart<text::ClipTextOptions> microsoft_text_encoder(const MicrosoftFile& opened) {
  PublishedPart<text::ClipTextOptions> tower{.weights = part_of(opened.denoiser, "condition_emb."),
                                             .files = {opened.file}};
  TESSERA_CHECK(!tower.weights.tensors.empty(),
                kNotFound,
                opened.file.string(),
                ": a model of texts without a text tower (transformer.condition_emb.*)");
  tower.options = clip_text_options(tower.weights, opened.file.string());
  tower.names = clip_text_names(tower.options, ClipTextNaming::kOpenAi);
  return tower;
}

PublishedPart<vqvae::VqVaeOptions> microsoft_codec(const MicrosoftFile& opened,
                                                   const diffusion::TransformerOptions& denoiser,
                                                   const LoadOptions& options) {
  const fs::path file = codec_file(opened.file, opened.state, options.codec);
  const std::string what = file.string();
  const io::StateDict weights =
      file == opened.file ? opened.state
                          : microsoft_checkpoint(io::read_torch_file(file), what).effective;
  const auto place = find_codec(weights);
  TESSERA_CHECK(place, kNotFound, what, ": holds no image codec");
  const fs::path config = file.parent_path() / "codec_config.yaml";
  PublishedCodec codec{
      .options = fs::exists(config) ? codec_options_of_yaml(io::read_yaml(config), config.string())
                                    : codec_options_of_weights(weights, *place, what)};
  codec.options.resolution = denoiser.grid_height * codec.options.downsample();
  if (codec.options.codebook_size != denoiser.codes) {
    codec = with_used_codes(
        codec.options,
        code_map(opened.file, options.index_map, codec.options.codebook_size, denoiser.codes));
  }
  auto part = microsoft_codec(weights, codec, what);
  part.files = {file};
  return part;
}

diffusion::TransitionOptions microsoft_chain(const MicrosoftFile& opened) {
  const std::string what = opened.file.string();
  const auto table = [&](const char* name) {
    const auto found = opened.denoiser.tensors.find(name);
    TESSERA_CHECK(found != opened.denoiser.tensors.end() && found->second.dim() == 1 &&
                      found->second.numel() >= 2,
                  kShapeMismatch,
                  what,
                  ": no table \"transformer.",
                  name,
                  "\"");
    return found->second.to(at::kDouble).exp();
  };
  const at::Tensor keep = table("log_cumprod_at");
  const at::Tensor mask = table("log_cumprod_ct");
  const std::int64_t steps = keep.numel() - 1;  // the last entry is the identity
  const auto rounded = [](double value) { return std::round(value * 1e7) / 1e7; };
  const auto at_end = [&](const at::Tensor& values, std::int64_t i) {
    return rounded(values[i].item<double>());
  };
  const diffusion::TransitionOptions options{.steps = steps,
                                             .keep_start = at_end(keep, 0),
                                             .keep_end = at_end(keep, steps - 1),
                                             .mask_start = at_end(mask, 0),
                                             .mask_end = at_end(mask, steps - 1)};
  const auto line = [&](double first, double last) {
    return at::linspace(first, last, steps, at::kDouble);
  };
  const double off =
      std::max((keep.narrow(0, 0, steps) - line(options.keep_start, options.keep_end))
                   .abs()
                   .max()
                   .item<double>(),
               (mask.narrow(0, 0, steps) - line(options.mask_start, options.mask_end))
                   .abs()
                   .max()
                   .item<double>());
  TESSERA_CHECK(off < 1e-5,
                kShapeMismatch,
                what,
                ": its schedule is not the published one (\"alpha1\"): off by ",
                off);
  return options;
}

}  // namespace tessera::pipeline
