#pragma once

#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "core/options.h"
#include "data/scenes/scenes.h"
#include "train/gaussian_options.h"
#include "train/held_out.h"
#include "train/latent_source.h"
#include "train/options.h"
#include "train/trainer.h"

namespace tessera::train {

struct GaussianTraining {
  GaussianModel model{};
  GaussianObjective objective{};
  TrainOptions train{};
  SampleOptions sampling{};  // of the sample sheets and the model's card
  std::string name{};
  std::string description{};
  std::optional<data::SceneOptions> world{};  // for the card
  std::uint64_t seed = 0;
  HeldOut held_out{};
  std::shared_ptr<LatentSource> latents{};
  c10::Device device = c10::kCPU;
};

/// Trains a U-Net and, with it, the text encoder by denoising pictures or the latents of a frozen
/// VQ-VAE (Ho et al. 2020; Nichol and Dhariwal 2021; Rombach et al. 2022). Batches come from
/// `latents->fetch`. The scale of the latents is measured on the first pictures of the training
/// data, or taken from the part that training starts from, and is written into the scheduler's
/// part. A step logs "error", the squared error of what the network predicts, and "error_q1" …
/// "error_q4", the same by quarter of the chain, averaged over the last fifty steps or so.
std::unique_ptr<Trainer> make_gaussian_trainer(const GaussianTraining& training);

}  // namespace tessera::train
