#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "io/json_fields.h"
#include "io/state_dict.h"
#include "nn/reserve.h"
#include "pipeline/parts.h"
#include "pipeline/published/layout.h"
#include "pipeline/published/published_model.h"
#include "text/clip_encoder.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

constexpr const char* kConfigFile = "config.json";
constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kTableFile = "tokens.tsv";
/// Weights up to this size are compared with the card's hashes at every load.
constexpr std::uintmax_t kHashedAtLoad = std::uintmax_t{64} << 20;

/// Runs `load` for a part of a model; what its options or weights complain about is a damaged
/// model, so it is reported as such, with the part's folder in front.
template <typename Load>
auto in_part(const fs::path& part, Load load) {
  TESSERA_CHECK(
      fs::is_directory(part), kNotFound, part.string(), ": this part of the model is missing");
  try {
    return load();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kIo ||
        error.code() == ErrorCode::kUnavailable) {
      throw;
    }
    const std::string what = error.what();
    const bool named = what.find(part.string()) != std::string::npos;
    TESSERA_THROW(kCorruptFile, named ? "" : part.string() + ": ", what);
  } catch (const c10::Error& error) {
    TESSERA_THROW(kCorruptFile, part.string(), ": ", error.what_without_backtrace());
  }
}

template <typename Options>
Options read_options(const fs::path& part) {
  Options options;
  const fs::path file = part / kConfigFile;
  io::from_json_fields(io::read_json(file), options, file.string());
  options.validate();
  return options;
}

void load_weights(torch::nn::Module& module, const fs::path& part) {
  const fs::path file = part / kWeightsFile;
  io::load_strictly(module, io::read_state_dict(file), file.string());
}

void check_codes(const diffusion::TransformerOptions& options, const vqvae::VqVaeOptions& codes) {
  TESSERA_CHECK(options.codes == codes.codebook_size && options.grid_height == codes.grid() &&
                    options.grid_width == codes.grid(),
                kShapeMismatch,
                "made for ",
                options.codes,
                " codes on ",
                options.grid_height,
                "x",
                options.grid_width,
                ", the codec has ",
                codes.codebook_size,
                " on ",
                codes.grid(),
                "x",
                codes.grid());
}

/// What a text encoder reads and gives.
struct TextShape {
  std::int64_t length = 0;
  std::int64_t width = 0;
  std::int64_t vocabulary = 0;
};

/// Tessera's own encoder and its table of tokens.
TextShape load_own_text(const fs::path& encoder, const fs::path& tokenizer, Parts& parts) {
  in_part(tokenizer, [&] { parts.tokenizer = text::load_table_tokenizer(tokenizer / kTableFile); });
  const auto reads = read_options<text::TextEncoderOptions>(encoder);
  TESSERA_CHECK(reads.vocabulary == parts.tokenizer->vocabulary_size(),
                kShapeMismatch,
                "made for ",
                reads.vocabulary,
                " pieces, the tokenizer has ",
                parts.tokenizer->vocabulary_size());
  parts.text_encoder = text::make_text_encoder(reads);
  load_weights(*parts.text_encoder, encoder);
  return {.length = reads.length, .width = reads.width, .vocabulary = reads.vocabulary};
}

/// CLIP's text tower, told by "kind" in its options; its tokenizer is no table.
text::ClipTextOptions load_clip_text(const fs::path& encoder,
                                     io::Json config,
                                     Parts& parts,
                                     at::ScalarType type) {
  config.erase("kind");
  text::ClipTextOptions reads;
  io::from_json_fields(config, reads, (encoder / kConfigFile).string());
  reads.validate();
  parts.text_encoder = text::make_clip_encoder(reads);
  nn::reserve(*parts.text_encoder, type);
  load_weights(*parts.text_encoder, encoder);
  return reads;
}

template <typename Folder>
void load_text_side(const Folder& folder, PublishedModel& model, at::ScalarType type) {
  const diffusion::TransformerOptions& options = model.transformer;
  Parts& parts = model.parts;
  const fs::path encoder = folder(kTextEncoderPart);
  const TextShape reads = in_part(encoder, [&] {
    const io::Json config = io::read_json(encoder / kConfigFile);
    if (!config.is_object() || config.value("kind", "") != kClipKind) {
      return load_own_text(encoder, folder(kTokenizerPart), parts);
    }
    model.clip = load_clip_text(encoder, config, parts, type);
    return TextShape{.length = model.clip->length,
                     .width = model.clip->width,
                     .vocabulary = model.clip->vocabulary};
  });
  parts.text_length = reads.length;
  parts.vocabulary = reads.vocabulary;
  in_part(folder(kTransformerPart), [&] {
    TESSERA_CHECK(
        options.condition_width == reads.width && options.condition_length == reads.length,
        kShapeMismatch,
        "made for text of ",
        options.condition_length,
        " tokens of width ",
        options.condition_width,
        ", the text encoder gives ",
        reads.length,
        " of width ",
        reads.width);
  });
}

/// Reads the parts that the card names from a model folder of ours.
PublishedModel load_own(const fs::path& model, const ModelCard& card, at::ScalarType type) {
  PublishedModel loaded{.card = card};
  Parts& parts = loaded.parts;
  const auto folder = [&](const char* part) {
    TESSERA_CHECK(card.has_part(part),
                  kCorruptFile,
                  model.string(),
                  ": the model's card lists no \"",
                  part,
                  "\" part");
    return model / part;
  };

  const fs::path codec = folder(kVqVaePart);
  in_part(codec, [&] {
    const auto options = read_options<vqvae::VqVaeOptions>(codec);
    parts.codec = std::make_shared<vqvae::VqVaeImpl>(options);
    io::StateDict weights = io::read_state_dict(codec / kWeightsFile);
    vqvae::restore_codebook_averages(weights.tensors, options);
    io::load_strictly(*parts.codec, weights, (codec / kWeightsFile).string());
    parts.codec->check_used_codes();
  });
  if (!card.has_part(kTransformerPart)) return loaded;

  const fs::path transformer = folder(kTransformerPart);
  loaded.transformer = in_part(
      transformer, [&] { return read_options<diffusion::TransformerOptions>(transformer); });
  const diffusion::TransformerOptions& options = loaded.transformer;
  if (options.condition == "text") {
    load_text_side(folder, loaded, type);
  } else if (options.condition == "class") {
    parts.condition = ConditionKind::kClass;
    parts.classes = options.learned_null ? options.classes - 1 : options.classes;
    parts.text_length = 1;
  } else {
    parts.condition = ConditionKind::kNone;
  }

  const fs::path chain = folder(kSchedulerPart);
  in_part(transformer, [&] {
    check_codes(options, parts.codec->options());
    parts.transition = in_part(chain, [&] {
      loaded.chain = read_options<diffusion::TransitionOptions>(chain);
      TESSERA_CHECK(loaded.chain.steps == options.steps,
                    kShapeMismatch,
                    "has ",
                    loaded.chain.steps,
                    " steps, the transformer ",
                    options.steps);
      return diffusion::make_transition(loaded.chain, options.codes);
    });
    parts.denoiser = diffusion::make_transformer(options);
    nn::reserve(*parts.denoiser, type);
    load_weights(*parts.denoiser, transformer);
  });
  return loaded;
}

}  // namespace

Parts load_parts(const fs::path& model, const ModelCard& card, at::ScalarType type) {
  return load_own(model, card, type).parts;
}

PublishedModel load_model(const fs::path& model, const LoadOptions& options) {
  switch (layout_of(model)) {
    case ModelLayout::kDiffusers:
      return load_diffusers_model(model, options);
    case ModelLayout::kMicrosoft:
      return load_microsoft_model(model, options);
    case ModelLayout::kTessera:
      break;
  }
  const ModelCard card = read_model_card(model);
  check_model_files(model, card, kHashedAtLoad);
  return load_own(model, card, options.type);
}

std::unique_ptr<const Pipeline> load_pipeline(const fs::path& model,
                                              at::Device device,
                                              const LoadOptions& options) {
  PublishedModel loaded = load_model(model, options);
  return assemble_pipeline(std::move(loaded.card), std::move(loaded.parts), device);
}

}  // namespace tessera::pipeline
