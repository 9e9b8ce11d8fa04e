#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "eval/features/extraction.h"
#include "eval/features/feature_extractor.h"
#include "eval/frechet.h"
#include "eval/images/picture_set.h"
#include "eval/inception_score.h"
#include "eval/kernel_distance.h"
#include "eval/neighbourhood.h"
#include "eval/statistics/statistics_file.h"

namespace tessera::eval {

/// Which comparisons of two sets of pictures are made.
struct DistributionMetrics {
  bool fid = false;
  bool sfid = false;     // FID of the features with places
  bool fid_inf = false;  // FID of infinitely many pictures
  bool kid = false;
  bool is = false;  // of the judged set alone
  bool prdc = false;
};

/// "fid,kid,is,prdc,sfid,fid-inf" or some of them; throws kInvalidArgument listing them.
DistributionMetrics distribution_metrics_named(const std::string& names);

/// Pictures, or what is left of them. One of the two is given.
struct DistributionSide {
  std::unique_ptr<const PictureSet> pictures{};
  std::optional<PictureStatistics> statistics{};
  std::string title{};
};

struct DistributionOptions {
  DistributionMetrics metrics{};
  ExtractionOptions extraction{};  // its `wanted` is set from the metrics
  KernelOptions kernel{};
  FrechetLimitOptions limit{};
  std::int64_t splits = 10;     // of the Inception Score
  std::int64_t neighbours = 5;  // k of precision, recall, density and coverage
  std::uint64_t seed = 0;       // of every random choice of pictures
};

/// What was found; an absent number was not asked for.
struct DistributionResult {
  FeatureFacts features{};
  std::int64_t judged = 0;     // pictures; 0 = a statistics file that does not say
  std::int64_t reference = 0;  // pictures
  std::optional<double> fid{};
  std::optional<double> sfid{};
  std::optional<FrechetLimit> fid_inf{};
  std::optional<KernelEstimate> kid{};
  std::optional<InceptionScore> is{};
  std::optional<NeighbourhoodScores> prdc{};
  PictureStatistics judged_statistics{};
  std::vector<Unreadable> unreadable{};  // of both sides
  std::vector<std::string> warnings{};
};

/// How `judged` (generated pictures) differs from `reference` (real ones). Features are computed
/// once for all metrics. Throws kInvalidArgument where a metric needs pictures and a side has none
/// left, or a side's statistics are of other features; and as extract_features does.
DistributionResult compare_distributions(const DistributionSide& judged,
                                         const DistributionSide& reference,
                                         const FeatureExtractor& extractor,
                                         const DistributionOptions& options,
                                         const ProgressSink& progress,
                                         std::stop_token stop);

/// Whether any of them compares two sets.
bool needs_reference(const DistributionMetrics& metrics);

/// The features that a side of the comparison needs for these metrics.
WantedFeatures features_of_judged(const DistributionMetrics& metrics);
WantedFeatures features_of_reference(const DistributionMetrics& metrics);

/// Statistics of one set, for a file.
PictureStatistics statistics_of(const ExtractedSet& set, const FeatureFacts& facts);

}  // namespace tessera::eval
