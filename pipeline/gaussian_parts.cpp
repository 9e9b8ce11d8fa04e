#include "pipeline/gaussian_parts.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/unet.h"
#include "nn/reserve.h"
#include "pipeline/read_part.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;
namespace {

/// The text encoder and its table of tokens.
template <typename Folder>
void load_text(const Folder& folder, const diffusion::UNetOptions& unet, GaussianParts& parts) {
  const fs::path tokenizer = folder(kTokenizerPart);
  in_part(tokenizer, [&] { parts.tokenizer = text::load_table_tokenizer(tokenizer / kTableFile); });
  const fs::path encoder = folder(kUNetTextEncoderPart);
  in_part(encoder, [&] {
    const auto reads = read_options<text::TextEncoderOptions>(encoder);
    TESSERA_CHECK(reads.vocabulary == parts.tokenizer->vocabulary_size(),
                  kShapeMismatch,
                  "made for ",
                  reads.vocabulary,
                  " pieces, the tokenizer has ",
                  parts.tokenizer->vocabulary_size());
    TESSERA_CHECK(unet.condition_width == reads.width && unet.condition_length == reads.length,
                  kShapeMismatch,
                  "gives ",
                  reads.length,
                  " tokens of width ",
                  reads.width,
                  ", the U-Net was made for ",
                  unet.condition_length,
                  " of width ",
                  unet.condition_width);
    parts.text_encoder = text::make_text_encoder(reads);
    load_weights(*parts.text_encoder, encoder);
    parts.text_length = reads.length;
    parts.vocabulary = reads.vocabulary;
  });
}

void set_condition(const diffusion::UNetOptions& unet, GaussianParts& parts) {
  if (unet.condition == "class") {
    parts.condition = ConditionKind::kClass;
    parts.classes = unet.classes;
    parts.text_length = 1;
  } else if (unet.condition == "none") {
    parts.condition = ConditionKind::kNone;
  }
}

}  // namespace

GaussianParts load_gaussian_parts(const fs::path& model,
                                  const ModelCard& card,
                                  at::ScalarType type) {
  GaussianParts parts;
  const auto folder = [&](const char* part) {
    TESSERA_CHECK(card.has_part(part),
                  kCorruptFile,
                  model.string(),
                  ": the model's card lists no \"",
                  part,
                  "\" part");
    return model / part;
  };
  const fs::path unet = folder(kUNetPart);
  const auto options = in_part(unet, [&] { return read_options<diffusion::UNetOptions>(unet); });
  const fs::path scheduler = folder(kUNetSchedulerPart);
  parts.path = in_part(scheduler, [&] {
    const auto path = read_options<GaussianPathOptions>(scheduler);
    TESSERA_CHECK(path.schedule.steps == options.steps,
                  kShapeMismatch,
                  "has ",
                  path.schedule.steps,
                  " steps, the U-Net ",
                  options.steps);
    TESSERA_CHECK(!path.in_latents() || path.latent_scale > 0,
                  kInvalidArgument,
                  "latent_scale must be above 0, got ",
                  path.latent_scale);
    return path;
  });
  if (parts.path.in_latents()) parts.codec = load_codec_part(folder(kVqVaePart));
  set_condition(options, parts);
  if (parts.condition == ConditionKind::kText) load_text(folder, options, parts);
  in_part(unet, [&] {
    parts.denoiser = diffusion::make_unet(options, parts.path.kind());
    nn::reserve(*parts.denoiser, type);
    load_weights(*parts.denoiser, unet);
  });
  parts.channels = options.channels;
  parts.side = options.side;
  return parts;
}

}  // namespace tessera::pipeline
