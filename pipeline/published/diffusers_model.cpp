// A model folder as diffusers lays it out.

#include <initializer_list>
#include <string>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/reserve.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/config_fields.h"
#include "pipeline/published/denoiser_names.h"
#include "pipeline/published/published_model.h"
#include "text/clip_encoder.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kNullPart = "learned_classifier_free_sampling_embeddings";

/// The weights of a part: full precision before half, safetensors before a pickle.
fs::path weights_of(const fs::path& part, std::initializer_list<const char*> stems) {
  for (const char* variant : {"", ".fp16"}) {
    for (const char* extension : {".safetensors", ".bin"}) {
      for (const std::string stem : stems) {
        // The pickled form of a transformers model has a name of its own.
        fs::path file = part / (stem + variant + extension);
        if (fs::exists(file)) return file;
      }
    }
  }
  std::string names;
  for (const char* stem : stems)
    names += concat(names.empty() ? "" : ", ", stem, ".safetensors or .bin");
  TESSERA_THROW(kNotFound, part.string(), ": no weights there: ", names);
}

io::Json config_of(const fs::path& part, const char* name = "config.json") {
  TESSERA_CHECK(
      fs::is_directory(part), kNotFound, part.string(), ": this part of the model is missing");
  return io::read_json(part / name);
}

/// A learned null condition that is switched on, or null.
io::Json null_config(const fs::path& model) {
  const fs::path part = model / kNullPart;
  if (!fs::exists(part / "config.json")) return nullptr;
  io::Json config = io::read_json(part / "config.json");
  return config.value("learnable", true) ? config : io::Json(nullptr);
}

diffusion::TransitionOptions chain_options(const io::Json& config, const std::string& where) {
  const ConfigFields fields(config, where);
  return {.steps = fields.whole("num_train_timesteps"),
          .keep_start = fields.number("alpha_cum_start"),
          .keep_end = fields.number("alpha_cum_end"),
          .mask_start = fields.number("gamma_cum_start"),
          .mask_end = fields.number("gamma_cum_end")};
}

struct Denoiser {
  diffusion::TransformerOptions options{};
  std::shared_ptr<diffusion::DiscreteDenoiser> network{};
};

Denoiser load_denoiser(const fs::path& model, at::ScalarType type) {
  const fs::path part = model / kTransformerPart;
  const io::Json null = null_config(model);
  const fs::path config = part / "config.json";
  Denoiser made{.options = diffusers_denoiser_options(config_of(part), null, config.string())};
  const fs::path file = weights_of(part, {"diffusion_pytorch_model"});
  io::StateDict published = io::read_state_dict(file);
  if (!null.is_null()) {
    const fs::path more = weights_of(model / kNullPart, {"diffusion_pytorch_model"});
    published.tensors.merge(io::read_state_dict(more).tensors);
  }
  made.network = diffusion::make_transformer(made.options);
  nn::reserve(*made.network, type);
  load_published(*made.network, published, diffusers_denoiser_names(made.options), file.string());
  return made;
}

std::shared_ptr<text::TextEncoder> load_text_encoder(const fs::path& part,
                                                     text::ClipTextOptions& options,
                                                     at::ScalarType type) {
  const fs::path config = part / "config.json";
  options = clip_text_options(config_of(part), config.string());
  const fs::path file = weights_of(part, {"model", "pytorch_model"});
  const io::StateDict published = io::read_state_dict(file);
  auto encoder = text::make_clip_encoder(options);
  nn::reserve(*encoder, type);
  const ClipTextNaming naming = clip_text_naming(published, file.string());
  load_published(*encoder, published, clip_text_names(options, naming), file.string());
  return encoder;
}

std::shared_ptr<vqvae::VqVaeImpl> load_codec(const fs::path& part, std::int64_t grid) {
  const fs::path config = part / "config.json";
  vqvae::VqVaeOptions options = codec_options_of_diffusers(config_of(part), config.string());
  options.resolution = grid * options.downsample();
  const fs::path file = weights_of(part, {"diffusion_pytorch_model"});
  return load_diffusers_codec(io::read_state_dict(file), options, file.string());
}

}  // namespace

PublishedModel load_diffusers_model(const fs::path& folder, const LoadOptions& options) {
  PublishedModel model;
  Denoiser denoiser = load_denoiser(folder, options.type);
  text::ClipTextOptions reads;
  model.parts.text_encoder = load_text_encoder(folder / kTextEncoderPart, reads, options.type);
  TESSERA_CHECK(reads.width == denoiser.options.condition_width,
                kShapeMismatch,
                folder.string(),
                ": the transformer reads text of width ",
                denoiser.options.condition_width,
                ", the text encoder gives ",
                reads.width);
  model.parts.text_length = reads.length;
  model.parts.vocabulary = reads.vocabulary;
  model.parts.codec = load_codec(folder / kVqVaePart, denoiser.options.grid_height);

  const fs::path scheduler = folder / kSchedulerPart / "scheduler_config.json";
  const auto chain = chain_options(config_of(folder / kSchedulerPart, "scheduler_config.json"),
                                   scheduler.string());
  TESSERA_CHECK(chain.steps == denoiser.options.steps,
                kShapeMismatch,
                scheduler.string(),
                ": has ",
                chain.steps,
                " steps, the transformer ",
                denoiser.options.steps);
  model.parts.transition = diffusion::make_transition(chain, denoiser.options.codes);
  model.parts.denoiser = std::move(denoiser.network);
  model.transformer = denoiser.options;
  model.chain = chain;
  model.clip = reads;

  model.card.name = fs::absolute(folder).lexically_normal().filename().string();
  if (model.card.name.empty()) model.card.name = "diffusers";
  model.card.license = "";
  model.card.description = "VQ-Diffusion, as published for diffusers";
  model.card.sampling = {
      .steps = chain.steps, .sampler = "ancestral", .guidance = 5.0, .truncation = "1"};
  model.card.parts = {kVqVaePart, kTransformerPart, kTextEncoderPart, kSchedulerPart};
  return model;
}

}  // namespace tessera::pipeline
