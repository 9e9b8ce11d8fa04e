#pragma once

#include <memory>

#include "diffusion/denoisers/unet.h"
#include "text/text_encoder.h"
#include "train/gaussian_trainer.h"

namespace tessera::train {

/// The networks that a run begins with, on its device: new ones, those of `train.start_from`, or a
/// new U-Net and the text encoder of `model.text_encoder_from`. The encoder is null without texts.
/// REQUIRES: sizes that are fitted(). Throws what reading the parts throws, and kInvalidArgument
/// where their tokens are others.
std::shared_ptr<diffusion::UNet> begin_unet(const GaussianTraining& training);
std::shared_ptr<text::TextEncoder> begin_text_encoder(const GaussianTraining& training);

/// The chain with the scale of its latents: the one that the weights were trained with, or that of
/// the run's own first pictures.
pipeline::GaussianPathOptions scaled_chain(const GaussianTraining& training);

/// What the pictures, or their latents, look like; the vocabulary is left open.
GaussianSizes gaussian_sizes(const GaussianTraining& training);

}  // namespace tessera::train
