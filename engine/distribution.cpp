#include "engine/distribution.h"

#include <algorithm>
#include <functional>
#include <thread>

#include "core/error.h"
#include "engine/feature_choice.h"
#include "engine/output_names.h"
#include "engine/picture_sides.h"
#include "eval/distribution.h"
#include "eval/distribution_report.h"
#include "nn/device.h"

namespace tessera::engine {
namespace {

int reading_threads(int threads) {
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return threads > 0 ? threads : cores;
}

eval::DistributionOptions options_of(const DistributionEvaluation& request) {
  eval::DistributionOptions out;
  // Statistics alone: the default metric compares nothing with nothing.
  const bool nothing =
      request.reference.empty() && request.metrics == DistributionEvaluation().metrics;
  if (!nothing) out.metrics = eval::distribution_metrics_named(request.metrics);
  out.extraction.batch = request.batch;
  out.extraction.shard = request.shard;
  out.extraction.threads = reading_threads(request.threads);
  out.extraction.folder = request.resume;
  out.extraction.share = {.rank = request.rank, .count = request.processes};
  out.kernel = {.subsets = request.subsets, .subset_size = request.subset_size};
  out.splits = request.splits;
  out.neighbours = request.neighbours;
  out.seed = request.seed;
  return out;
}

/// What can be said before hours of work.
void check(const DistributionEvaluation& request, const eval::DistributionOptions& options) {
  const eval::DistributionMetrics& m = options.metrics;
  const bool compares = eval::needs_reference(m);
  TESSERA_CHECK(!request.judged.empty(), kInvalidArgument, "a set of pictures must be named");
  TESSERA_CHECK(!compares || !request.reference.empty(),
                kInvalidArgument,
                "metrics ",
                request.metrics,
                " need a second set to compare with");
  TESSERA_CHECK(compares || m.is || !request.save_stats.empty(),
                kInvalidArgument,
                "nothing to do: name metrics, or a file for the statistics");
  TESSERA_CHECK(request.processes == 1 || !request.resume.empty(),
                kInvalidArgument,
                "several processes (WORLD_SIZE ",
                request.processes,
                ") need --resume DIR, a folder that all of them share");
  TESSERA_CHECK(request.save_stats.empty() || request.save_stats.extension() == ".npz",
                kInvalidArgument,
                request.save_stats.string(),
                ": statistics are kept in a file that ends in .npz");
  if (!request.save_stats.empty()) prepare_folders({request.save_stats});
}

/// The sets that still are pictures, and what is wanted of each.
using SetVisitor = std::function<void(const eval::PictureSet& pictures,
                                      const eval::ExtractionOptions& extraction)>;
void visit_sets(const Sides& sides,
                const eval::DistributionOptions& options,
                const SetVisitor& visit) {
  eval::ExtractionOptions extraction = options.extraction;
  extraction.wanted = eval::features_of_judged(options.metrics);
  if (sides.judged.pictures) visit(*sides.judged.pictures, extraction);
  extraction.wanted = eval::features_of_reference(options.metrics);
  if (sides.reference.pictures) visit(*sides.reference.pictures, extraction);
}

/// Until the other processes have written their shards.
void wait_for_others(const Sides& sides,
                     const eval::FeatureExtractor& extractor,
                     const eval::DistributionOptions& options,
                     const std::stop_token& stop) {
  visit_sets(sides, options, [&](const auto& pictures, const auto& extraction) {
    eval::wait_for_shards(pictures, extractor, extraction, stop);
  });
}

/// The network that looks at the pictures; none is loaded for two files of statistics.
std::unique_ptr<const eval::FeatureExtractor> features_for(const Sides& sides,
                                                           const DistributionEvaluation& request,
                                                           at::Device device) {
  const auto& a = sides.judged.statistics;
  const auto& b = sides.reference.statistics;
  if (a && (b || request.reference.empty())) {
    const bool says = a->features.has_value();
    return recorded_features(says || !b ? a->features : b->features, a->pooled.mean.size(0));
  }
  return open_features({.features = request.features,
                        .preprocess = request.preprocess,
                        .precision = request.precision,
                        .device = device});
}

DistributionReport report_of(const eval::DistributionResult& result,
                             const Sides& sides,
                             const eval::DistributionOptions& options) {
  DistributionReport out{
      .json = eval::distribution_json(result, sides.judged, sides.reference, options)
                  .dump(2, ' ', false, io::Json::error_handler_t::replace),
      .lines = eval::distribution_lines(result, options),
      .warnings = result.warnings};
  for (const eval::Unreadable& each : result.unreadable) {
    const bool named = each.reason.find(each.name) != std::string::npos;
    out.unreadable.push_back(named ? each.reason : each.name + ": " + each.reason);
  }
  return out;
}

}  // namespace

DistributionReport evaluate_distribution(const DistributionEvaluation& request,
                                         const ProgressSink& progress,
                                         std::stop_token stop) {
  const eval::DistributionOptions options = options_of(request);
  check(request, options);
  nn::set_threads(request.threads);
  const at::Device device = nn::resolve_device(request.device);
  const Sides sides = open_sides(request.judged,
                                 request.reference,
                                 {.count = request.count,
                                  .seed = request.seed,
                                  .sampling = request.sampling,
                                  .captions = request.captions,
                                  .device = device},
                                 stop);
  const auto extractor = features_for(sides, request, device);
  if (request.processes > 1) {
    visit_sets(sides, options, [&](const auto& pictures, const auto& extraction) {
      eval::extract_share(pictures, *extractor, extraction, progress, stop);
    });
    if (request.rank > 0 || request.share_only) return {.complete = false};
    wait_for_others(sides, *extractor, options, stop);
  }
  const eval::DistributionResult result = eval::compare_distributions(
      sides.judged, sides.reference, *extractor, options, progress, stop);
  if (!request.save_stats.empty()) {
    eval::write_statistics(request.save_stats, result.judged_statistics);
  }
  return report_of(result, sides, options);
}

}  // namespace tessera::engine
