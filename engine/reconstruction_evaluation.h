#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "core/progress.h"
#include "engine/engine.h"
#include "engine/evaluation.h"

namespace tessera::engine {

/// Pictures through a model's codec and back: how much is lost, and which codes are used.
struct ReconstructionEvaluation {
  EngineOptions model{};
  std::filesystem::path input{};  // a folder, a list, a pack; "" = scenes of the model's world
  std::int64_t count = 500;
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t resolution = 0;  // 0 = what the codec was trained on
  std::string fit = "crop";
  std::int64_t batch = 16;
  std::filesystem::path lpips_backbone{};  // weights of AlexNet or VGG16
  std::filesystem::path lpips_heads{};     // the linear heads on them
  std::filesystem::path records{};         // JSONL, a line a picture; "" = none
  std::filesystem::path pictures{};        // folder for what came back; "" = none
  bool overwrite = false;                  // replace records that are there
};

template <typename Visitor>
void visit_fields(Visitor& v, ReconstructionEvaluation& o) {
  v("count", o.count, "the first so many pictures; 0 = all of a folder or pack");
  v("split", o.split, "scenes: heldout, heldout:CLASS, train or all");
  v("seed", o.seed, "scenes: data seed");
  v("resolution", o.resolution, "side of the pictures in pixels; 0 = the codec's own");
  v("fit", o.fit, "how a picture fills the square: crop, pad or stretch");
  v("batch", o.batch, "pictures a forward pass");
}

/// A picture that could not be read.
struct UnreadablePicture {
  std::string name{};
  std::string message{};
};

struct ReconstructionReport {
  EvaluationReport report{};
  std::vector<UnreadablePicture> unreadable{};
};

/// `warn` is told of each picture that cannot be read, as it comes. Throws kInvalidArgument where
/// one file of LPIPS is given without the other or records are in the way, the first picture's
/// error where none can be read, kCancelled, and what opening the model and the pictures throws.
ReconstructionReport evaluate_reconstruction(const ReconstructionEvaluation& request,
                                             const std::function<void(const std::string&)>& warn,
                                             const ProgressSink& progress,
                                             std::stop_token stop);

}  // namespace tessera::engine
