#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "core/options.h"
#include "core/progress.h"

namespace tessera::engine {

/// Captions of the world that a model's card names, drawn and read by the rule-based reader.
struct CompositionalEvaluation {
  std::filesystem::path model{};  // as resolve_model() takes it; "" = default_model()
  std::int64_t count = 500;
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t batch = 50;
  std::string source = "model";
  SampleOptions sampling{};
  std::string device = "auto";
  int threads = 0;
  std::filesystem::path sheet{};  // PNG of the first pictures, framed green where right; "" = none
  std::int64_t sheet_pictures = 100;
};

template <typename Visitor>
void visit_fields(Visitor& v, CompositionalEvaluation& o) {
  v("count", o.count, "captions that are drawn");
  v("split", o.split, "heldout, heldout:CLASS, train or all");
  v("seed", o.seed, "of the captions and of the pictures");
  v("batch", o.batch, "pictures a forward pass");
  v("source",
    o.source,
    "model; codec: true scenes through the VQ-VAE; truth: the scenes themselves");
  visit_fields(v, o.sampling);
}

/// One JSON object, docs/formats/eval.md. That the sheet can be written is checked first.
std::string evaluate_compositional(const CompositionalEvaluation& request,
                                   const ProgressSink& progress,
                                   std::stop_token stop);

}  // namespace tessera::engine
