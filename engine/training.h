#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>

#include "core/progress.h"

namespace tessera::engine {

/// One stage of training, described by a JSON file (docs/formats/config.md).
struct TrainingRequest {
  std::string stage{};             // tokenizer, vqvae or diffusion
  std::filesystem::path config{};  // may be "" to resume, and for a tokenizer with `data`
  std::filesystem::path out{};     // run folder
  std::filesystem::path data{};  // over the configuration's: a folder or list of pictures, a pack;
                                 // for a tokenizer also a text file with a caption a line
  bool resume = false;
  std::string device = "auto";
  int threads = 0;
  std::map<std::string, std::string> overrides{};  // "train.steps" -> "200"
};

struct TrainingSummary {
  std::int64_t steps = 0;
  double seconds = 0;
  double loss = 0;
  bool stopped = false;           // the state is saved; resume goes on
  std::filesystem::path model{};  // what came out: the model folder, or the tokenizer's
};

/// Runs it. Pictures that are not packed yet are packed into the cache first. Throws what the stage
/// throws; everything in the configuration is checked before the first step.
TrainingSummary run_training(const TrainingRequest& request,
                             const ProgressSink& progress,
                             std::stop_token stop);

}  // namespace tessera::engine
