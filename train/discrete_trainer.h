#pragma once

#include <memory>
#include <optional>
#include <string>

#include <c10/core/Device.h>

#include "core/options.h"
#include "data/scenes/scenes.h"
#include "train/code_source.h"
#include "train/discrete_options.h"
#include "train/held_out.h"
#include "train/options.h"
#include "train/trainer.h"

namespace tessera::train {

struct DiscreteTraining {
  DiscreteModel model{};
  DiscreteObjective objective{};
  TrainOptions train{};
  SampleOptions sampling{};  // of the sample sheets and the model's card
  std::string name{};
  std::string description{};
  std::optional<data::SceneOptions> world{};  // for the card
  std::uint64_t seed = 0;
  HeldOut held_out{};
  std::shared_ptr<CodeSource> codes{};
  std::int64_t pool = 0;                // samples that are shown; of model.resident
  std::optional<at::Device> draw_on{};  // where the resident pool is drawn; none = `device`
  c10::Device device = c10::kCPU;
};

/// Trains the denoiser and, with it, the text encoder on the codes of a frozen VQ-VAE (Gu et al.
/// 2022, sections 4 and 5). Batches come from `codes->fetch`. A step logs, in nats: "ce"
/// (cross-entropy of the masked tokens), "ce_q1" … "ce_q4" (the same by quarter of the chain,
/// averaged over the last fifty steps or so), and "bits_per_token" of the variational bound.
std::unique_ptr<Trainer> make_discrete_trainer(const DiscreteTraining& training);

/// Sizes of the networks that follow from the codec and the tokenizer, filled in.
DiscreteModel fitted(DiscreteModel model,
                     const vqvae::VqVaeOptions& codec,
                     std::int64_t vocabulary);

}  // namespace tessera::train
