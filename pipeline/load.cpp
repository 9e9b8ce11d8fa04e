#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/transformer.h"
#include "nn/reserve.h"
#include "pipeline/gaussian_parts.h"
#include "pipeline/parts.h"
#include "pipeline/paths.h"
#include "pipeline/published/layout.h"
#include "pipeline/published/published_model.h"
#include "pipeline/read_part.h"
#include "text/clip_encoder.h"
#include "vqvae/codebook_averages.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

/// Weights up to this size are compared with the card's hashes at every load.
constexpr std::uintmax_t kHashedAtLoad = std::uintmax_t{64} << 20;

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

  parts.codec = load_codec_part(folder(kVqVaePart));
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

void choose_products(const Parts& parts, const LoadOptions& options) {
  if (parts.denoiser && options.products) parts.denoiser->answer_in(*options.products);
}

}  // namespace

std::shared_ptr<vqvae::VqVaeImpl> load_codec_part(const fs::path& part) {
  return in_part(part, [&] {
    const auto options = read_options<vqvae::VqVaeOptions>(part);
    auto codec = std::make_shared<vqvae::VqVaeImpl>(options);
    io::StateDict weights = io::read_state_dict(part / kWeightsFile);
    vqvae::restore_codebook_averages(weights.tensors, options);
    io::load_strictly(*codec, weights, (part / kWeightsFile).string());
    codec->check_used_codes();
    return codec;
  });
}

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
  if (layout_of(model) == ModelLayout::kTessera) {
    const ModelCard card = read_model_card(model);
    const bool gaussian = path_of(card, options.path) == kGaussianPath;
    check_model_files(model, card, kHashedAtLoad);
    if (gaussian) {
      return assemble_gaussian_pipeline(
          card, load_gaussian_parts(model, card, options.type), device);
    }
    Parts parts = load_own(model, card, options.type).parts;
    choose_products(parts, options);
    return assemble_pipeline(card, std::move(parts), device);
  }
  TESSERA_CHECK(options.path.empty() || options.path == kDiscretePath,
                kInvalidArgument,
                "published models draw on the path discrete, not ",
                options.path);
  PublishedModel loaded = load_model(model, options);
  choose_products(loaded.parts, options);
  return assemble_pipeline(std::move(loaded.card), std::move(loaded.parts), device);
}

}  // namespace tessera::pipeline
