#pragma once

#include <filesystem>
#include <memory>

#include "diffusion/discrete/transition.h"
#include "nn/rng.h"

namespace tessera::golden {

/// The chain that a published "scheduler_config.json" describes.
std::unique_ptr<const diffusion::Transition> chain_of_scheduler(const std::filesystem::path& file);

/// [1] int64, our time of a published time index: theirs counts the steps that were taken less one.
at::Tensor time_of_index(std::int64_t index);

/// Numbers of one draw, to be replayed.
nn::Noise recorded_noise(const at::Tensor& uniform);

}  // namespace tessera::golden
