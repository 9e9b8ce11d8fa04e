#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/options.h"
#include "core/progress.h"

namespace tessera::engine {

/// How one set of pictures differs from another: FID and its relatives. A set is
///   a folder of pictures, or a text file that names some, one a line
///   packed data
///   FILE.npz, the statistics that FID tools keep
///   scenes, scenes:SPLIT   scenes of the world of emoji, of the judged model's part of it
///   model, model:NAME, or a model's folder: pictures that it makes of captions
struct DistributionEvaluation {
  std::string judged{};     // generated pictures
  std::string reference{};  // real ones; "" = none, for the Inception Score or to save statistics
  std::string metrics = "fid";
  std::string features{};  // inception, clip, or a weight file; "" = inception where it is found
  std::string preprocess = "clean";
  std::string precision = "fp32";
  std::int64_t count = 0;
  std::int64_t batch = 32;
  std::int64_t shard = 1000;
  std::int64_t subsets = 100;
  std::int64_t subset_size = 1000;
  std::int64_t splits = 10;
  std::int64_t neighbours = 5;
  std::uint64_t seed = 0;
  SampleOptions sampling{};
  std::filesystem::path captions{};    // of a model's pictures; "" = those of the reference
  std::filesystem::path save_stats{};  // FILE.npz for the judged set's statistics; "" = none
  std::filesystem::path resume{};      // folder that keeps the features; "" = none
  std::int64_t rank = 0;               // this process …
  std::int64_t processes = 1;          // … of so many that share the work by `resume`
  bool share_only = false;  // nobody waits for this process's numbers: it makes its share alone
  std::string device = "auto";
  int threads = 0;
};

template <typename Visitor>
void visit_fields(Visitor& v, DistributionEvaluation& o) {
  v("metrics", o.metrics, "some of fid, kid, is, prdc, sfid, fid-inf, parted by commas");
  v("features",
    o.features,
    "inception, clip, or a file with Inception's weights; empty = inception where its weights are "
    "found, else the shipped CLIP");
  v("preprocess",
    o.preprocess,
    "how pictures become Inception's input: legacy-tensorflow, legacy-pytorch, clean, "
    "torch-fidelity");
  v("precision", o.precision, "of the Inception network: fp32 or bf16");
  v("count", o.count, "pictures of each set, from its first on; 0 = all");
  v("batch", o.batch, "pictures a forward pass");
  v("shard", o.shard, "pictures a file of --resume");
  v("subsets", o.subsets, "kid: random subsets");
  v("subset_size", o.subset_size, "kid: pictures of a subset");
  v("splits", o.splits, "is: parts of the set");
  v("neighbours", o.neighbours, "prdc: which nearest neighbour a ball reaches to");
  v("seed", o.seed, "of random subsets and of a model's pictures");
  visit_fields(v, o.sampling);
}

struct DistributionReport {
  bool complete = true;                   // of several processes only the last one has numbers
  std::string json{};                     // docs/eval/distribution.md
  std::vector<std::string> lines{};       // for people, a line a number
  std::vector<std::string> unreadable{};  // "NAME: REASON"
  std::vector<std::string> warnings{};
};

/// Throws kInvalidArgument, kNotFound, kCorruptFile, kShapeMismatch or kCancelled with one line.
DistributionReport evaluate_distribution(const DistributionEvaluation& request,
                                         const ProgressSink& progress,
                                         std::stop_token stop);

}  // namespace tessera::engine
