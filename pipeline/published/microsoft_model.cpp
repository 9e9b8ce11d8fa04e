// A training checkpoint of the original VQ-Diffusion code.

#include <array>
#include <cmath>
#include <optional>
#include <string>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "io/formats/torch_file.h"
#include "io/yaml/yaml.h"
#include "nn/reserve.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/denoiser_names.h"
#include "pipeline/published/microsoft_checkpoint.h"
#include "pipeline/published/published_model.h"
#include "text/clip_encoder.h"

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

/// The schedule that a checkpoint was trained with is in its buffers, as logarithms in float32. All
/// published ones are straight lines; their ends are rounded to what was written in a config.
diffusion::TransitionOptions chain_of(const io::StateDict& denoiser, const std::string& what) {
  const auto table = [&](const char* name) {
    const auto found = denoiser.tensors.find(name);
    TESSERA_CHECK(
        found != denoiser.tensors.end() && found->second.dim() == 1 && found->second.numel() >= 2,
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

/// The codec's file: what was asked for, the checkpoint itself, or a known name beside it.
fs::path codec_file(const fs::path& checkpoint, const io::StateDict& state, const fs::path& asked) {
  if (!asked.empty()) return asked;
  if (find_codec(state)) return checkpoint;
  const fs::path beside = checkpoint.parent_path();
  std::string names;
  for (const fs::path& folder : {beside, beside / "taming_dvae", beside / ".." / "taming_dvae"}) {
    for (const char* name : kCodecFiles) {
      if (fs::exists(folder / name)) return folder / name;
    }
  }
  for (const char* name : kCodecFiles) names += (names.empty() ? "" : ", ") + std::string(name);
  TESSERA_THROW(kNotFound,
                checkpoint.string(),
                ": holds no image codec, and none lies beside it (",
                names,
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

std::shared_ptr<vqvae::VqVaeImpl> load_codec(const fs::path& checkpoint,
                                             const io::StateDict& state,
                                             const diffusion::TransformerOptions& denoiser,
                                             const LoadOptions& options) {
  const fs::path file = codec_file(checkpoint, state, options.codec);
  const std::string what = file.string();
  const io::StateDict weights =
      file == checkpoint ? state : microsoft_checkpoint(io::read_torch_file(file), what).effective;
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
        code_map(checkpoint, options.index_map, codec.options.codebook_size, denoiser.codes));
  }
  return load_microsoft_codec(weights, codec, what);
}

std::shared_ptr<text::TextEncoder> load_text_encoder(const io::StateDict& denoiser,
                                                     text::ClipTextOptions& options,
                                                     at::ScalarType type,
                                                     const std::string& what) {
  const io::StateDict tower = part_of(denoiser, "condition_emb.");
  TESSERA_CHECK(!tower.tensors.empty(),
                kNotFound,
                what,
                ": a model of texts without a text tower (transformer.condition_emb.*)");
  options = clip_text_options(tower, what);
  auto encoder = text::make_clip_encoder(options);
  nn::reserve(*encoder, type);
  load_published(*encoder, tower, clip_text_names(options, ClipTextNaming::kOpenAi), what);
  return encoder;
}

/// The settings that the authors recommend.
SampleOptions sampling_of(const diffusion::TransformerOptions& denoiser) {
  SampleOptions sampling{.steps = denoiser.steps, .sampler = "ancestral"};
  if (denoiser.condition == "text") {
    constexpr std::int64_t kIthqCodes = 4096;
    sampling.guidance = denoiser.codes == kIthqCodes ? 5.0 : 3.0;
    sampling.truncation = "1";
  } else if (denoiser.condition == "class") {
    sampling.guidance = 1.5;
    sampling.truncation = "0.94";
  } else {
    sampling.guidance = 1.0;
    sampling.truncation = "0.86";
  }
  return sampling;
}

}  // namespace

PublishedModel load_microsoft_model(const fs::path& file, const LoadOptions& options) {
  const std::string what = file.string();
  const MicrosoftCheckpoint checkpoint = microsoft_checkpoint(io::read_torch_file(file), what);
  const io::StateDict& state = options.averaged ? checkpoint.effective : checkpoint.raw_model;
  const io::StateDict published = part_of(state, "transformer.");
  const auto network = microsoft_denoiser_options(published, facts_beside(file), what);

  PublishedModel model;
  Parts& parts = model.parts;
  model.transformer = network;
  model.chain = chain_of(published, what);
  parts.transition = diffusion::make_transition(model.chain, network.codes);
  TESSERA_CHECK(parts.transition->steps() == network.steps,
                kShapeMismatch,
                what,
                ": the schedule has ",
                parts.transition->steps(),
                " steps, the tables of time ",
                network.steps);
  parts.denoiser = diffusion::make_transformer(network);
  nn::reserve(*parts.denoiser, options.type);
  load_published(*parts.denoiser, published, microsoft_denoiser_names(network), what);
  parts.codec = load_codec(file, state, network, options);
  if (network.condition == "text") {
    text::ClipTextOptions reads;
    parts.text_encoder = load_text_encoder(published, reads, options.type, what);
    parts.text_length = reads.length;
    parts.vocabulary = reads.vocabulary;
    model.clip = reads;
  } else if (network.condition == "class") {
    parts.condition = ConditionKind::kClass;
    parts.classes = network.learned_null ? network.classes - 1 : network.classes;
    parts.text_length = 1;
  } else {
    parts.condition = ConditionKind::kNone;
  }

  model.card.name = file.stem().string();
  model.card.license = "";
  model.card.description = "VQ-Diffusion, a checkpoint of the original code";
  model.card.sampling = sampling_of(network);
  model.card.parts = {kVqVaePart, kTransformerPart, kSchedulerPart};
  if (parts.text_encoder) model.card.parts.insert(model.card.parts.begin() + 2, kTextEncoderPart);
  return model;
}

}  // namespace tessera::pipeline
