#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "core/progress.h"
#include "engine/engine.h"
#include "engine/evaluation.h"

namespace tessera::engine {

/// How many bits a model needs for pictures that it has not seen: the variational bound on
/// -log2 p(codes | caption), or, of a Gaussian path, on that of pixels or latents.
struct BitsEvaluation {
  EngineOptions model{};
  std::filesystem::path input{};  // captioned pictures or a pack; "" = scenes of the model's world
  std::int64_t count = 200;
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t times = 20;
  std::string captions = "given";
  std::int64_t batch = 25;
  std::string path{};  // of the model: discrete, gaussian; "" = its first
};

template <typename Visitor>
void visit_fields(Visitor& v, BitsEvaluation& o) {
  v("count", o.count, "the first so many pictures");
  v("split", o.split, "scenes: heldout, heldout:CLASS, train or all");
  v("seed", o.seed, "scenes: data seed; and of the noise");
  v("times",
    o.times,
    "times of the chain that each picture is looked at, drawn evenly; 0 = every one");
  v("captions",
    o.captions,
    "given: the bits of a picture once its caption is known; none: without");
  v("batch", o.batch, "pictures a forward pass");
  v("path", o.path, "discrete or gaussian; left out: the model's first");
}

/// Throws kInvalidArgument for an option out of range, kNotFound where the model has no such path,
/// kCancelled, and what opening the model and the pictures throws.
EvaluationReport evaluate_bits(const BitsEvaluation& request,
                               const ProgressSink& progress,
                               std::stop_token stop);

}  // namespace tessera::engine
