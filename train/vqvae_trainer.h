#pragma once

#include <memory>

#include <c10/core/Device.h>

#include "core/options.h"
#include "train/ema.h"
#include "train/held_out.h"
#include "train/optimizer.h"
#include "train/options.h"
#include "train/trainer.h"
#include "vqvae/loss.h"
#include "vqvae/vqvae.h"

namespace tessera::train {

/// Section "objective" of a codec's configuration.
struct VqVaeObjective {
  vqvae::VqVaeLossOptions loss{};
  std::string parts = "all";  // all, decoder
  std::int64_t autoencoder_steps = 150;
  std::int64_t revive_every = 20;
  double revive_share = 0.8;
  double adversarial = 0;  // weights of what a patch discriminator says; 0 = there is none
  double features = 0;
  std::int64_t adversarial_from = 0;  // step from which on it is heard; it learns before
  void validate() const;              // names keys as "objective.l1"
};

template <typename Visitor>
void visit_fields(Visitor& v, VqVaeObjective& o) {
  visit_fields(v, o.loss);
  v("parts", o.parts, "all, or decoder: codes stay, so a denoiser trained on them stays valid");
  v("autoencoder_steps", o.autoencoder_steps, "first steps without codes; then codes := features");
  v("revive_every", o.revive_every, "steps between revivals of unused codes; 0 = never");
  v("revive_share", o.revive_share, "share of the run after which codes are left to die");
  v("adversarial", o.adversarial, "weight of a patch discriminator's doubt; 0 = off");
  v("features", o.features, "weight of the distance of its states (feature matching); 0 = off");
  v("adversarial_from", o.adversarial_from, "step from which the two weights count");
}

struct VqVaeTraining {
  vqvae::VqVaeOptions model{};
  VqVaeObjective objective{};
  TrainOptions train{};
  std::uint64_t seed = 0;
  HeldOut held_out{};
  c10::Device device = c10::kCPU;
};

/// Trains a VQ-VAE: first as a plain autoencoder, since codes taken from an untrained encoder
/// collapse to a few; then with a codebook that begins as features of the data. A run that starts
/// from a trained codec has codes from its first step; its decoder may have more blocks than that
/// codec's, which at first add nothing. Batches carry pictures.
std::unique_ptr<Trainer> make_vqvae_trainer(const VqVaeTraining& training);

}  // namespace tessera::train
