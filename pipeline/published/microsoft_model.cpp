// A training checkpoint of the original VQ-Diffusion code.

#include "core/error.h"
#include "nn/reserve.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/microsoft_file.h"
#include "pipeline/published/published_model.h"
#include "pipeline/published/published_sampling.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;

PublishedModel load_microsoft_model(const fs::path& file, const LoadOptions& options) {
  const MicrosoftFile opened = open_microsoft_file(file, options);
  const auto denoiser = microsoft_denoiser(opened);
  const diffusion::TransformerOptions& network = denoiser.options;

  PublishedModel model;
  Parts& parts = model.parts;
  model.transformer = network;
  model.chain = microsoft_chain(opened);
  parts.transition = diffusion::make_transition(model.chain, network.codes);
  TESSERA_CHECK(parts.transition->steps() == network.steps,
                kShapeMismatch,
                file.string(),
                ": the schedule has ",
                parts.transition->steps(),
                " steps, the tables of time ",
                network.steps);
  parts.denoiser = diffusion::make_transformer(network);
  nn::reserve(*parts.denoiser, options.type);
  load_published(*parts.denoiser, denoiser.weights, denoiser.names, denoiser.what());
  parts.codec = load_codec(microsoft_codec(opened, network, options));
  if (network.condition == "text") {
    const auto tower = microsoft_text_encoder(opened);
    parts.text_encoder = text::make_clip_encoder(tower.options);
    nn::reserve(*parts.text_encoder, options.type);
    load_published(*parts.text_encoder, tower.weights, tower.names, tower.what());
    parts.text_length = tower.options.length;
    parts.vocabulary = tower.options.vocabulary;
    model.clip = tower.options;
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
  model.card.sampling = original_sampling(network);
  model.card.parts = {kVqVaePart, kTransformerPart, kSchedulerPart};
  if (parts.text_encoder) model.card.parts.insert(model.card.parts.begin() + 2, kTextEncoderPart);
  return model;
}

}  // namespace tessera::pipeline
