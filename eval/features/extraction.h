#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/progress.h"
#include "eval/features/feature_shard.h"
#include "eval/images/picture_set.h"
#include "eval/process_share.h"
#include "eval/statistics/gaussian.h"

namespace tessera::eval {

/// Which numbers of a set are wanted; the mean and covariance always are.
struct WantedFeatures {
  bool points = false;   // every picture's features, N x dims float32
  bool spatial = false;  // mean and covariance of the features with places
  bool logits = false;   // every picture's class scores
};

struct ExtractionOptions {
  WantedFeatures wanted{};
  std::int64_t batch = 32;         // pictures a forward pass; no result depends on it
  std::int64_t shard = 1000;       // pictures a file of `folder`
  int threads = 1;                 // that read and resize pictures
  std::filesystem::path folder{};  // keeps features by shard: work goes on where it was stopped
  ProcessShare share{};  // a process computes the shards whose number is its rank modulo the count;
                         // above one process needs `folder`
};

struct ExtractedSet {
  GaussianSums pooled;
  std::optional<GaussianSums> spatial{};
  at::Tensor points{};
  at::Tensor logits{};
  std::vector<Unreadable> unreadable{};
};

/// Computes this process's shards that are not in the folder yet, and keeps them there. Throws
/// kCancelled between two batches when `stop` is requested: finished shards stay.
void extract_share(const PictureSet& pictures,
                   const FeatureExtractor& extractor,
                   const ExtractionOptions& options,
                   const ProgressSink& progress,
                   std::stop_token stop);

/// All of the set: what the folder holds is read, the rest computed here. Memory holds one shard,
/// beside what `wanted` asks for. Throws kInvalidArgument where a wanted kind of features does not
/// exist, kCorruptFile where no picture can be read, kCancelled.
ExtractedSet extract_features(const PictureSet& pictures,
                              const FeatureExtractor& extractor,
                              const ExtractionOptions& options,
                              const ProgressSink& progress,
                              std::stop_token stop);

/// Whether every shard of other processes lies in the folder.
bool all_shards_there(const PictureSet& pictures,
                      const FeatureExtractor& extractor,
                      const ExtractionOptions& options);

/// Returns once they are: other processes write them. Throws kCancelled when `stop` is requested.
void wait_for_shards(const PictureSet& pictures,
                     const FeatureExtractor& extractor,
                     const ExtractionOptions& options,
                     std::stop_token stop);

}  // namespace tessera::eval
