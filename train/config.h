#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "train/clip_options.h"
#include "train/discrete_options.h"
#include "train/gaussian_options.h"
#include "train/options.h"
#include "train/vqvae_trainer.h"

namespace tessera::train {

/// Everything that a run is told, docs/formats/config.md.
struct Config {
  std::string stage{};  // vqvae, diffusion, ddpm, clip
  std::string name{};   // of the model, for its card
  std::string description{};
  std::uint64_t seed = 0;
  DataOptions data{};
  TrainOptions train{};
  vqvae::VqVaeOptions vqvae{};       // "model" of stage vqvae
  VqVaeObjective vqvae_objective{};  // "objective" of stage vqvae
  DiscreteModel diffusion{};         // "model" of stage diffusion
  DiscreteObjective diffusion_objective{};
  GaussianModel ddpm{};  // "model" of stage ddpm
  GaussianObjective ddpm_objective{};
  SampleOptions sampling{};  // stages diffusion and ddpm
  ClipModelSection clip{};   // "model" of stage clip
  ClipObjective clip_objective{};
};

/// Overrides are "section.key" -> JSON value or bare text ("train.steps" -> "200"). Everything is
/// checked; throws kInvalidArgument naming the key, kCorruptFile for text that is no JSON (`what`
/// names it). Unknown keys are errors.
Config parse_config(const std::string& text,
                    const std::string& what,
                    const std::map<std::string, std::string>& overrides = {});

/// The whole configuration, every default written out; parse_config() reads it back to the same.
std::string config_text(const Config& config);

}  // namespace tessera::train
