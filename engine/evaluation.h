#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/progress.h"

namespace tessera::engine {

/// Captions of the world that a model's card names, drawn and read by the rule-based reader.
struct CompositionalEvaluation {
  std::filesystem::path model{};  // as resolve_model() takes it; "" = default_model()
  std::int64_t count = 500;
  std::string split = "heldout";
  std::vector<std::string> kinds{};  // of the model's own; empty = all of them
  std::uint64_t seed = 0;
  std::int64_t batch = 50;
  std::string source = "model";
  SampleOptions sampling{};
  std::int64_t rerank = 0;         // candidates a picture, of which a CLIP keeps one
  std::filesystem::path clip{};    // a CLIP of Tessera's own; "" = the shipped one
  std::string precision = "fp32";  // of the model in memory: fp32, bf16, fp16, int8
  std::string device = "auto";
  int threads = 0;
  std::filesystem::path sheet{};  // PNG of the first pictures, framed green where right; "" = none
  std::int64_t sheet_pictures = 100;
  std::filesystem::path records{};   // JSONL, a line a picture; "" = none
  std::filesystem::path pictures{};  // folder for every picture as NNNNNN.png; "" = none
  bool resume = false;               // go on with the records that are there
  bool overwrite = false;            // replace them
  std::int64_t rank = 0;             // this process …
  std::int64_t processes = 1;        // … of so many that share the records
};

template <typename Visitor>
void visit_fields(Visitor& v, CompositionalEvaluation& o) {
  v("count", o.count, "captions that are drawn");
  v("split", o.split, "heldout, heldout:CLASS, train or all");
  v("kinds",
    o.kinds,
    "kinds of scene, single or colour for example; empty = all that the model knows");
  v("seed", o.seed, "of the captions and of the pictures");
  v("batch", o.batch, "pictures a forward pass");
  v("source",
    o.source,
    "model; codec: true scenes through the VQ-VAE; truth: the scenes themselves");
  visit_fields(v, o.sampling);
}

/// A report in its two forms. Of several processes that share a run only the last one has it.
struct EvaluationReport {
  bool complete = true;
  std::int64_t judged = 0;  // things that this process judged
  std::string json{};       // one object, docs/formats/eval.md
  std::string table{};      // for people
  std::string records{};    // JSON lines
};

/// That the sheet can be written is checked first; a sheet holds pictures of this very run, so it
/// throws kInvalidArgument where records are gone on with or divided.
EvaluationReport evaluate_compositional(const CompositionalEvaluation& request,
                                        const ProgressSink& progress,
                                        std::stop_token stop);

/// Pictures that the records of a run hold so far, by all its processes.
std::int64_t evaluated_pictures(const std::filesystem::path& records);

}  // namespace tessera::engine
