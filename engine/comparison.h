#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "core/options.h"
#include "core/progress.h"
#include "engine/engine.h"

namespace tessera::engine {

/// Two files of records, or two models that are given the same captions and seeds; either side may
/// be of either sort.
struct ComparisonRequest {
  std::string a{};  // FILE.jsonl, or a model as resolve_model() takes it
  std::string b{};
  std::string name_a{};  // what the report calls them; "" = by file or model
  std::string name_b{};
  std::int64_t count = 200;  // of models: captions, their split and seed, and how they are drawn
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t batch = 50;
  SampleOptions sampling{};
  std::string device = "auto";
  int threads = 0;
  std::int64_t resamples = 10'000;
  double confidence = 0.95;
  std::string by{};               // metric that orders the page's pictures
  std::int64_t shown = 6;         // pairs of pictures a row of the page
  std::filesystem::path page{};   // self-contained HTML; "" = none
  std::filesystem::path table{};  // CSV; "" = none
  bool overwrite = false;
};

template <typename Visitor>
void visit_fields(Visitor& v, ComparisonRequest& o) {
  v("count", o.count, "models: captions that are drawn");
  v("split", o.split, "models: heldout, heldout:CLASS, train or all");
  v("seed", o.seed, "models: of the captions and of the pictures; and of the bootstrap");
  v("batch", o.batch, "models: pictures a forward pass");
  visit_fields(v, o.sampling);
  v("resamples", o.resamples, "resamples of the bootstrap");
  v("confidence", o.confidence, "of the intervals");
  v("by", o.by, "metric that orders the pictures of the page; empty = whole_scene, else the first");
  v("shown", o.shown, "pairs of pictures in a row of the page; 0 = no pictures");
}

struct ComparisonReport {
  std::string json{};
  std::string table{};
  std::int64_t missing_pictures = 0;  // that the page names and could not show
};

/// Throws kInvalidArgument where the sides do not fit one another, an option is out of range, or a
/// file is in the way; and as reading records and evaluating models do.
ComparisonReport compare(const ComparisonRequest& request,
                         const ProgressSink& progress,
                         std::stop_token stop);

}  // namespace tessera::engine
