#include "train/gaussian_options.h"

#include "core/error.h"
#include "train/gaussian_time_sampler.h"

namespace tessera::train {

void GaussianModel::validate() const {
  TESSERA_CHECK(chain.in_latents() == !vqvae.empty(),
                kInvalidArgument,
                chain.in_latents()
                    ? "model.vqvae must name a trained codec where model.chain.space is latent"
                    : "model.vqvae must be empty where model.chain.space is pixel",
                ", got \"",
                vqvae,
                "\"");
  TESSERA_CHECK(
      unet.condition == "text" || unet.condition == "none",
      kInvalidArgument,
      "model.unet.condition must be text, which is what samples come with, or none, got \"",
      unet.condition,
      "\"");
  TESSERA_CHECK(!reads_text() || !tokenizer.empty(),
                kInvalidArgument,
                "model.tokenizer must name a folder, got \"\"");
}

void GaussianObjective::validate() const {
  try {
    loss.validate();
  } catch (const Error& error) {
    TESSERA_THROW(kInvalidArgument, "objective.", error.what());
  }
  GaussianTimeSampler(time_sampler, 1);  // throws for an unknown one
  TESSERA_CHECK(caption_dropout >= 0 && caption_dropout <= 1,
                kInvalidArgument,
                "objective.caption_dropout must lie in [0, 1], got ",
                caption_dropout);
}

GaussianModel fitted(GaussianModel model, const GaussianSizes& sizes) {
  model.unet.channels = sizes.channels;
  model.unet.side = sizes.side;
  model.unet.steps = model.chain.schedule.steps;
  model.unet.learned_variance = diffusion::is_learned(model.chain.kind().variance);
  if (!model.reads_text()) return model;
  model.text_encoder.vocabulary = sizes.vocabulary;
  model.unet.condition_width = model.text_encoder.width;
  model.unet.condition_length = model.text_encoder.length;
  return model;
}

}  // namespace tessera::train
