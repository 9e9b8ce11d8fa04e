// A model folder as diffusers lays it out.

#include "nn/reserve.h"
#include "pipeline/published/codec.h"
#include "pipeline/published/diffusers_folder.h"
#include "pipeline/published/published_model.h"
#include "pipeline/published/published_sampling.h"

namespace tessera::pipeline {
namespace fs = std::filesystem;

PublishedModel load_diffusers_model(const fs::path& folder, const LoadOptions& options) {
  PublishedModel model;
  {
    const auto denoiser = diffusers_denoiser(folder);
    model.transformer = denoiser.options;
    model.parts.denoiser = diffusion::make_transformer(denoiser.options);
    nn::reserve(*model.parts.denoiser, options.type);
    load_published(*model.parts.denoiser, denoiser.weights, denoiser.names, denoiser.what());
  }
  const auto tower = diffusers_text_encoder(folder);
  model.clip = tower.options;
  model.parts.text_encoder = text::make_clip_encoder(tower.options);
  nn::reserve(*model.parts.text_encoder, options.type);
  load_published(*model.parts.text_encoder, tower.weights, tower.names, tower.what());
  check_text_width(folder, model.transformer, tower.options);
  model.parts.text_length = tower.options.length;
  model.parts.vocabulary = tower.options.vocabulary;
  model.parts.codec = load_codec(diffusers_codec(folder, model.transformer.grid_height));

  model.chain = diffusers_chain(folder);
  check_steps(folder, model.transformer, model.chain);
  model.parts.transition = diffusion::make_transition(model.chain, model.transformer.codes);

  model.card.name = fs::absolute(folder).lexically_normal().filename().string();
  if (model.card.name.empty()) model.card.name = "diffusers";
  model.card.license = "";
  model.card.description = "VQ-Diffusion, as published for diffusers";
  model.card.sampling = diffusers_sampling(model.transformer);
  model.card.parts = {kVqVaePart, kTransformerPart, kTextEncoderPart, kSchedulerPart};
  return model;
}

}  // namespace tessera::pipeline
