#include "pipeline/published/diffusers_folder.h"

#include <initializer_list>
#include <string>

#include "core/error.h"
#include "core/listed.h"
#include "io/json_fields.h"
#include "pipeline/model_card.h"
#include "pipeline/published/clip_text_names.h"
#include "pipeline/published/codec_names.h"
#include "pipeline/published/codec_options.h"
#include "pipeline/published/config_fields.h"
#include "pipeline/published/denoiser_names.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

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
  const auto files = [](const char* stem) { return concat(stem, ".safetensors or .bin"); };
  TESSERA_THROW(kNotFound, part.string(), ": no weights there: ", listed(stems, files));
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

}  // namespace

PublishedPart<diffusion::TransformerOptions> diffusers_denoiser(const fs::path& model) {
  const fs::path part = model / kTransformerPart;
  const io::Json null = null_config(model);
  PublishedPart<diffusion::TransformerOptions> found;
  const fs::path config = part / "config.json";
  found.options = diffusers_denoiser_options(config_of(part), null, config.string());
  found.names = diffusers_denoiser_names(found.options);
  found.files = {weights_of(part, {"diffusion_pytorch_model"})};
  found.weights = io::read_state_dict(found.files.front());
  if (!null.is_null()) {
    found.files.push_back(weights_of(model / kNullPart, {"diffusion_pytorch_model"}));
    found.weights.tensors.merge(io::read_state_dict(found.files.back()).tensors);
  }
  return found;
}

PublishedPart<text::ClipTextOptions> diffusers_text_encoder(const fs::path& model) {
  const fs::path part = model / kTextEncoderPart;
  const fs::path config = part / "config.json";
  PublishedPart<text::ClipTextOptions> found;
  found.options = clip_text_options(config_of(part), config.string());
  found.files = {weights_of(part, {"model", "pytorch_model"})};
  found.weights = io::read_state_dict(found.files.front());
  found.names = clip_text_names(found.options, clip_text_naming(found.weights, found.what()));
  return found;
}

PublishedPart<vqvae::VqVaeOptions> diffusers_codec(const fs::path& model, std::int64_t grid) {
  const fs::path part = model / kVqVaePart;
  const fs::path config = part / "config.json";
  PublishedPart<vqvae::VqVaeOptions> found;
  found.options = codec_options_of_diffusers(config_of(part), config.string());
  found.options.resolution = grid * found.options.downsample();
  found.files = {weights_of(part, {"diffusion_pytorch_model"})};
  found.weights = io::read_state_dict(found.files.front());
  found.names = diffusers_codec_names(found.options, attention_names_of(found.weights));
  return found;
}

diffusion::TransitionOptions diffusers_chain(const fs::path& model) {
  constexpr const char* kConfig = "scheduler_config.json";
  const fs::path part = model / kSchedulerPart;
  const io::Json config = config_of(part, kConfig);
  const ConfigFields fields(config, (part / kConfig).string());
  return {.steps = fields.whole("num_train_timesteps"),
          .keep_start = fields.number("alpha_cum_start"),
          .keep_end = fields.number("alpha_cum_end"),
          .mask_start = fields.number("gamma_cum_start"),
          .mask_end = fields.number("gamma_cum_end")};
}

void check_text_width(const fs::path& model,
                      const diffusion::TransformerOptions& denoiser,
                      const text::ClipTextOptions& tower) {
  TESSERA_CHECK(tower.width == denoiser.condition_width,
                kShapeMismatch,
                model.string(),
                ": the transformer reads text of width ",
                denoiser.condition_width,
                ", the text encoder gives ",
                tower.width);
}

void check_steps(const fs::path& model,
                 const diffusion::TransformerOptions& denoiser,
                 const diffusion::TransitionOptions& chain) {
  TESSERA_CHECK(chain.steps == denoiser.steps,
                kShapeMismatch,
                (model / kSchedulerPart / "scheduler_config.json").string(),
                ": has ",
                chain.steps,
                " steps, the transformer ",
                denoiser.steps);
}

}  // namespace tessera::pipeline
