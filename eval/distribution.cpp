#include "eval/distribution.h"

#include <algorithm>
#include <array>
#include <utility>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/features/facts_json.h"
#include "eval/statistics/draw_rows.h"

namespace tessera::eval {
namespace {

constexpr std::uint32_t kOrderOfScores = 4;  // RowDraw::use
constexpr std::int64_t kFewPictures = 10'000;

struct MetricName {
  const char* name = "";
  bool DistributionMetrics::*field = nullptr;
};
constexpr std::array<MetricName, 6> kMetrics = {{{"fid", &DistributionMetrics::fid},
                                                 {"kid", &DistributionMetrics::kid},
                                                 {"is", &DistributionMetrics::is},
                                                 {"prdc", &DistributionMetrics::prdc},
                                                 {"sfid", &DistributionMetrics::sfid},
                                                 {"fid-inf", &DistributionMetrics::fid_inf}}};

/// A side with its features computed, or its statistics alone.
struct Measured {
  std::optional<ExtractedSet> set{};
  PictureStatistics statistics{};
};

bool needs_pictures(const WantedFeatures& wanted) {
  return wanted.points || wanted.logits;
}

Measured measure(const DistributionSide& side,
                 const FeatureExtractor& extractor,
                 const WantedFeatures& wanted,
                 const DistributionOptions& options,
                 const ProgressSink& progress,
                 const std::stop_token& stop) {
  if (side.pictures) {
    ExtractionOptions extraction = options.extraction;
    extraction.wanted = wanted;
    Measured out{.set = extract_features(*side.pictures, extractor, extraction, progress, stop)};
    out.statistics = statistics_of(*out.set, extractor.facts());
    return out;
  }
  TESSERA_CHECK(side.statistics.has_value(), kInvalidArgument, side.title, ": nothing to compare");
  const PictureStatistics& statistics = *side.statistics;
  TESSERA_CHECK(
      !needs_pictures(wanted),
      kInvalidArgument,
      side.title,
      ": statistics are left of it but no pictures, which kid, is, prdc and fid-inf need");
  TESSERA_CHECK(!wanted.spatial || statistics.spatial,
                kInvalidArgument,
                side.title,
                ": has no statistics of features with places (mu_s, sigma_s), which sfid needs");
  TESSERA_CHECK(statistics.pooled.mean.size(0) == extractor.facts().dims,
                kShapeMismatch,
                side.title,
                ": statistics of ",
                statistics.pooled.mean.size(0),
                " features, ",
                extractor.facts().name,
                " has ",
                extractor.facts().dims);
  if (statistics.features) check_comparable(extractor.facts(), *statistics.features, side.title);
  return {.statistics = statistics};
}

void warn_of_few(std::int64_t count,
                 std::int64_t dims,
                 const std::string& title,
                 std::vector<std::string>& warnings) {
  if (count == 0) {
    warnings.push_back(title + " does not say how many pictures it is of");
  } else if (count <= dims) {
    warnings.push_back(concat(title,
                              ": ",
                              count,
                              " pictures for ",
                              dims,
                              " features: the covariance is singular, and FID far too high"));
  } else if (count < kFewPictures) {
    warnings.push_back(concat(title,
                              ": ",
                              count,
                              " pictures; FID of fewer than ",
                              kFewPictures,
                              " is biased upwards, compare it at equal numbers only"));
  }
}

/// Class scores in a random order: parts of a set sorted by class would each look poor.
at::Tensor shuffled(const at::Tensor& rows, std::uint64_t seed) {
  return rows.index_select(
      0, draw_rows({.seed = seed, .use = kOrderOfScores}, rows.size(0), rows.size(0)));
}

void compare_points(const Measured& judged,
                    const Measured& reference,
                    const DistributionOptions& options,
                    DistributionResult& out) {
  const DistributionMetrics& metrics = options.metrics;
  if (metrics.kid) {
    KernelOptions kernel = options.kernel;
    kernel.seed = options.seed;
    out.kid = kernel_distance_of_subsets(judged.set->points, reference.set->points, kernel);
  }
  if (metrics.is) {
    out.is = inception_score(shuffled(judged.set->logits, options.seed), options.splits);
  }
  if (metrics.prdc) {
    out.prdc = neighbourhood_scores(reference.set->points, judged.set->points, options.neighbours);
  }
}

void compare_gaussians(const Measured& judged,
                       const Measured& reference,
                       const DistributionOptions& options,
                       DistributionResult& out) {
  const DistributionMetrics& metrics = options.metrics;
  if (metrics.fid || metrics.fid_inf) {
    const FrechetReference root(reference.statistics.pooled);
    if (metrics.fid) out.fid = root.distance(judged.statistics.pooled);
    if (metrics.fid_inf) {
      FrechetLimitOptions limit = options.limit;
      limit.seed = options.seed;
      out.fid_inf = frechet_limit(judged.set->points, root, limit);
    }
  }
  if (metrics.sfid) {
    out.sfid = frechet_distance(*judged.statistics.spatial, *reference.statistics.spatial);
  }
}

}  // namespace

bool needs_reference(const DistributionMetrics& metrics) {
  return metrics.fid || metrics.sfid || metrics.fid_inf || metrics.kid || metrics.prdc;
}

DistributionMetrics distribution_metrics_named(const std::string& names) {
  DistributionMetrics out;
  for (std::size_t begin = 0; begin <= names.size();) {
    const std::size_t end = std::min(names.find(',', begin), names.size());
    const std::string name = names.substr(begin, end - begin);
    const auto found = std::find_if(kMetrics.begin(), kMetrics.end(), [&](const MetricName& each) {
      return each.name == name;
    });
    TESSERA_CHECK(found != kMetrics.end(),
                  kInvalidArgument,
                  "metrics holds \"",
                  name,
                  "\"; known: fid, kid, is, prdc, sfid, fid-inf");
    out.*(found->field) = true;
    begin = end + 1;
  }
  return out;
}

WantedFeatures features_of_judged(const DistributionMetrics& metrics) {
  return {.points = metrics.kid || metrics.prdc || metrics.fid_inf,
          .spatial = metrics.sfid,
          .logits = metrics.is};
}

WantedFeatures features_of_reference(const DistributionMetrics& metrics) {
  return {.points = metrics.kid || metrics.prdc, .spatial = metrics.sfid};
}

PictureStatistics statistics_of(const ExtractedSet& set, const FeatureFacts& facts) {
  PictureStatistics out{.pooled = set.pooled.gaussian(), .features = facts};
  if (set.spatial) out.spatial = set.spatial->gaussian();
  return out;
}

DistributionResult compare_distributions(const DistributionSide& judged,
                                         const DistributionSide& reference,
                                         const FeatureExtractor& extractor,
                                         const DistributionOptions& options,
                                         const ProgressSink& progress,
                                         std::stop_token stop) {
  const Measured a =
      measure(judged, extractor, features_of_judged(options.metrics), options, progress, stop);
  Measured b;
  if (reference.pictures || reference.statistics || needs_reference(options.metrics)) {
    b = measure(
        reference, extractor, features_of_reference(options.metrics), options, progress, stop);
  }
  DistributionResult out{.features = extractor.facts(),
                         .judged = a.statistics.pooled.count,
                         .reference = b.statistics.pooled.count,
                         .judged_statistics = a.statistics};
  for (const Measured* side : {&a, &std::as_const(b)}) {
    if (!side->set) continue;
    const std::vector<Unreadable>& some = side->set->unreadable;
    out.unreadable.insert(out.unreadable.end(), some.begin(), some.end());
  }
  if (options.metrics.fid || options.metrics.sfid) {
    warn_of_few(out.judged, out.features.dims, judged.title, out.warnings);
    warn_of_few(out.reference, out.features.dims, reference.title, out.warnings);
  }
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped before the comparison");
  compare_gaussians(a, b, options, out);
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped within the comparison");
  compare_points(a, b, options, out);
  return out;
}

}  // namespace tessera::eval
