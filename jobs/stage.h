#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <c10/core/Device.h>

#include "data/source.h"
#include "train/config.h"
#include "train/trainer.h"

namespace tessera::jobs {

/// A configuration file as train::parse_config() reads it; the shipped atlas is found where none is
/// named. Throws what that does, and kNotFound.
train::Config read_config(const std::filesystem::path& file,
                          const std::map<std::string, std::string>& overrides);

/// A trainer and where its batches come from. `batch_of` may run in another thread than the step.
struct Stage {
  std::unique_ptr<train::Trainer> trainer{};
  std::function<data::Batch(std::int64_t step)> batch_of{};  // steps count from 1
};

/// What a run of `config` trains, new: data, networks, optimiser, a resident pool filled. Sets what
/// cuDNN may choose for such a stage, for the whole process.
Stage open_stage(const train::Config& config, c10::Device device);

/// Threads of the operators that draw a batch ahead: all of them where they are not the step's.
int drawing_threads(c10::Device device);

}  // namespace tessera::jobs
