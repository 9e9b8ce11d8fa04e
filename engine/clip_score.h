#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/progress.h"
#include "engine/engine.h"

namespace tessera::engine {

/// CLIP-scores of pictures and their texts. Pairs come from one of:
///   pictures            what data::open_files takes: a folder with NAME.txt beside NAME.png,
///   JSONL,
///                       CSV, COCO captions
///   pictures and texts  two folders, paired by file stem
///   prompts             a prompt file, whose pictures are drawn by `model` and not kept
/// The first caption of a picture is the one that is scored; further ones are its references.
struct ClipEvaluation {
  std::filesystem::path clip{};  // as open_clip() takes it; "" = the shipped one
  std::filesystem::path pictures{};
  std::filesystem::path texts{};
  std::filesystem::path prompts{};
  std::filesystem::path pairs{};  // scores of each pair: FILE.jsonl or FILE.csv; "" = none
  std::int64_t batch = 32;        // pairs a forward pass
  EngineOptions model{};          // of `prompts`; device and threads of CLIP too
  GenerateRequest base{};         // of `prompts`: seed, count, sampling
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipEvaluation& o) {
  v("batch", o.batch, "pairs a forward pass; never changes a score");
}

struct ClipEvaluationReport {
  std::string json{};   // one object, docs/eval/clip-score.md
  std::string table{};  // for people
  std::int64_t pairs = 0;
  std::vector<std::string> unreadable{};  // "NAME: REASON", all of them
  std::vector<std::string> cut{};         // texts of which words were left out
};

/// Throws kInvalidArgument where the three ways to name pairs are mixed, kNotFound without a single
/// pair, kCancelled, and what the CLIP and the model throw. A picture that cannot be read is listed
/// and the rest go on; where none can be read its error is thrown.
ClipEvaluationReport evaluate_clip_score(const ClipEvaluation& run,
                                         const ProgressSink& progress,
                                         std::stop_token stop);

/// How well a CLIP tells true captions of scenes from wrong ones.
struct ClipRankingRun {
  std::filesystem::path clip{};
  std::int64_t count = 1000;
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t pool = 100;
  std::int64_t batch = 64;
  std::vector<std::string> nouns{};  // of the world; empty = those of the CLIP's training
  std::vector<std::string> kinds{};
  std::string device = "auto";
  int threads = 0;
};

template <typename Visitor>
void visit_fields(Visitor& v, ClipRankingRun& o) {
  v("count", o.count, "scenes that are drawn");
  v("split", o.split, "heldout, heldout:CLASS, train or all");
  v("seed", o.seed, "of the scenes and of the swapped captions");
  v("pool", o.pool, "captions that a picture is searched among, and the other way round");
  v("batch", o.batch, "pictures a forward pass");
  v("nouns", o.nouns, "names of the nouns; empty = those that the CLIP was trained on");
  v("kinds", o.kinds, "kinds of scene; empty = those that the CLIP was trained on");
}

struct ClipRankingReport {
  std::string json{};
  std::string table{};
};

ClipRankingReport evaluate_clip_ranking(const ClipRankingRun& run,
                                        const ProgressSink& progress,
                                        std::stop_token stop);

}  // namespace tessera::engine
