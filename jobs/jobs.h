#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>

#include "core/options.h"
#include "core/progress.h"

namespace tessera::jobs {

/// Writes an 8-bit RGB picture, row-major without padding, as `file` (a PNG): the worker has no
/// encoder, so the programs that have one lend it.
using PictureWriter = std::function<void(const std::filesystem::path& file,
                                         std::int64_t width,
                                         std::int64_t height,
                                         std::span<const std::uint8_t> rgb)>;

/// Trains one stage ("vqvae" or "diffusion"); what `tessera train` and `tessera-worker train`
/// share.
struct TrainRequest {
  std::string stage{};             // "" = as the config says; another than the config's is an error
  std::filesystem::path config{};  // JSON, docs/formats/config.md; "" with resume: the run's own
  std::filesystem::path out{};     // run folder
  bool resume = false;             // continue the run in `out`
  PictureWriter write_picture{};   // none: sample sheets become .safetensors files
  std::string device = "auto";
  int threads = 0;
  std::map<std::string, std::string> overrides{};  // "train.steps" -> "200"
};

struct TrainSummary {
  std::int64_t steps = 0;
  double seconds = 0;
  double loss = 0;
  bool stopped = false;           // a stop was requested; the state is saved
  std::filesystem::path model{};  // exported parts
};

/// Checks the whole configuration first, then writes it out as `out`/config.json. Throws
/// kInvalidArgument where `out` already holds a run and `resume` is not set, kNotFound where it is
/// set and there is none; and as train::run() says.
TrainSummary run_training(const TrainRequest& request,
                          const ProgressSink& progress,
                          std::stop_token stop);

/// One picture of an evaluation; its views are valid during the call only.
struct ScoredPicture {
  std::int64_t index = 0;
  const std::string& caption;
  bool right = false;  // the whole scene
  std::int64_t side = 0;
  std::span<const std::uint8_t> rgb{};  // [side, side, 3]
};

/// `tessera eval compositional`: captions of the world that the model's card names, drawn,
/// generated and read by the rule-based reader.
struct CompositionalRequest {
  std::filesystem::path model{};
  std::filesystem::path atlas{};
  std::int64_t count = 500;
  std::string split = "heldout";
  std::vector<std::string> kinds{};  // of scenes, of the model's own; empty = all of them
  std::uint64_t seed = 0;
  SampleOptions sampling{};
  std::string precision = "fp32";  // of the model in memory, or int8 of its products
  std::int64_t batch = 50;
  std::string device = "auto";
  int threads = 0;
  std::string source = "model";  // model, codec (true scenes through the VQ-VAE), truth (as drawn)
  std::function<void(const ScoredPicture&)>
      on_picture{};  // each, once all are judged; may be empty
};

/// One JSON object, docs/formats/eval.md.
std::string run_compositional(const CompositionalRequest& request,
                              const ProgressSink& progress,
                              std::stop_token stop);

}  // namespace tessera::jobs
