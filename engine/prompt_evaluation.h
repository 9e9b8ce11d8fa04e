#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>

#include "core/progress.h"
#include "engine/engine.h"
#include "engine/evaluation.h"

namespace tessera::engine {

/// Prompts as people write them, drawn twice, word for word and as they are read, and judged by the
/// rule-based reader of scenes.
struct PromptEvaluation {
  EngineOptions model{};
  std::filesystem::path file{};  // docs/prompts.md; "" = the shipped one
  std::int64_t count = 2;        // pictures a prompt
  std::uint64_t seed = 0;        // of the first picture of each prompt
  SampleOptions sampling{};
};

template <typename Visitor>
void visit_fields(Visitor& v, PromptEvaluation& o) {
  v("count", o.count, "pictures a prompt");
  v("seed", o.seed, "of the first picture of each prompt");
  visit_fields(v, o.sampling);
}

/// Prompts outside the model's world are left out and counted. Throws kInvalidArgument for a model
/// of no world, kCancelled, and what reading the file and drawing throw.
EvaluationReport evaluate_prompts(const PromptEvaluation& request,
                                  const ProgressSink& progress,
                                  std::stop_token stop);

}  // namespace tessera::engine
