#include "eval/features/extraction.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/features/facts_json.h"
#include "eval/features/prepared_stream.h"
#include "io/sha256.h"

namespace tessera::eval {
namespace {

/// One set cut into shards, and what is known of their files.
class Extraction {
 public:
  Extraction(const PictureSet& pictures,
             const FeatureExtractor& extractor,
             const ExtractionOptions& options)
      : pictures_(pictures), extractor_(extractor), options_(options) {
    const FeatureFacts& facts = extractor.facts();
    TESSERA_CHECK(options.batch >= 1 && options.shard >= 1,
                  kInvalidArgument,
                  "batch and shard must be at least 1, got ",
                  options.batch,
                  " and ",
                  options.shard);
    TESSERA_CHECK(!options.wanted.spatial || facts.spatial > 0,
                  kInvalidArgument,
                  facts.name,
                  " has no features with places, which sFID needs");
    TESSERA_CHECK(!options.wanted.logits || facts.classes > 0,
                  kInvalidArgument,
                  facts.name,
                  " has no classes, which the Inception Score needs");
    place_.folder = options.folder;
    place_.key = io::sha256(concat(facts_to_json(facts).dump(),
                                   '\n',
                                   pictures.fingerprint(),
                                   '\n',
                                   pictures.size(),
                                   ' ',
                                   options.shard,
                                   ' ',
                                   options.wanted.spatial,
                                   options.wanted.logits));
  }

  std::int64_t shards() const { return (pictures_.size() + options_.shard - 1) / options_.shard; }
  bool keeps() const { return !options_.folder.empty(); }
  const ShardPlace& place() const { return place_; }
  std::int64_t first_of(std::int64_t shard) const { return shard * options_.shard; }
  std::int64_t end_of(std::int64_t shard) const {
    return std::min(pictures_.size(), (shard + 1) * options_.shard);
  }

  /// Computes `missing` in order, one stream of pictures over all of them.
  void compute(const std::vector<std::int64_t>& missing,
               const std::function<void(std::int64_t, FeatureShard)>& finished,
               const ProgressSink& progress,
               const std::stop_token& stop);

 private:
  void run_batch(std::vector<at::Tensor>& inputs, std::vector<Features>& parts) const;
  FeatureShard joined(std::vector<Features>& parts) const;

  const PictureSet& pictures_;
  const FeatureExtractor& extractor_;
  ExtractionOptions options_;
  ShardPlace place_{};
};

void Extraction::run_batch(std::vector<at::Tensor>& inputs, std::vector<Features>& parts) const {
  if (inputs.empty()) return;
  Features features = extractor_.extract(at::stack(inputs));
  if (!options_.wanted.spatial) features.spatial.reset();
  if (!options_.wanted.logits) features.logits.reset();
  parts.push_back(std::move(features));
  inputs.clear();
}

FeatureShard Extraction::joined(std::vector<Features>& parts) const {
  const FeatureFacts& facts = extractor_.facts();
  const auto join = [&](at::Tensor Features::*kind, std::int64_t width, bool wanted) {
    if (!wanted) return at::Tensor();
    std::vector<at::Tensor> rows = {at::empty({0, width}, at::kFloat)};
    for (const Features& part : parts) rows.push_back(part.*kind);
    return at::cat(rows);
  };
  FeatureShard out{
      .features = {.pooled = join(&Features::pooled, facts.dims, true),
                   .spatial = join(&Features::spatial, facts.spatial, options_.wanted.spatial),
                   .logits = join(&Features::logits, facts.classes, options_.wanted.logits)}};
  parts.clear();
  return out;
}

void Extraction::compute(const std::vector<std::int64_t>& missing,
                         const std::function<void(std::int64_t, FeatureShard)>& finished,
                         const ProgressSink& progress,
                         const std::stop_token& stop) {
  std::vector<std::int64_t> rows;
  for (const std::int64_t shard : missing) {
    for (std::int64_t row = first_of(shard); row < end_of(shard); ++row) rows.push_back(row);
  }
  const auto total = static_cast<std::int64_t>(rows.size());
  const auto begun = std::chrono::steady_clock::now();
  PreparedStream stream(
      pictures_,
      extractor_,
      std::move(rows),
      {.threads = options_.threads, .ahead = static_cast<std::size_t>(2 * options_.batch)});
  std::int64_t done = 0;
  for (const std::int64_t shard : missing) {
    std::vector<at::Tensor> inputs;
    std::vector<Features> parts;
    std::vector<Unreadable> unreadable;
    for (std::int64_t row = first_of(shard); row < end_of(shard); ++row) {
      PreparedPicture picture = *stream.next();
      if (picture.input.defined()) {
        inputs.push_back(std::move(picture.input));
      } else {
        unreadable.push_back({.name = pictures_.name(row), .reason = std::move(picture.problem)});
      }
      ++done;
      if (static_cast<std::int64_t>(inputs.size()) < options_.batch) continue;
      run_batch(inputs, parts);
      TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", done, " pictures");
      if (!progress) continue;
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
      progress({.stage = "features",
                .step = done,
                .total = total,
                .seconds = spent.count(),
                .value = std::numeric_limits<double>::quiet_NaN(),
                .note = pictures_.title()});
    }
    run_batch(inputs, parts);
    FeatureShard result = joined(parts);
    result.unreadable = std::move(unreadable);
    finished(shard, std::move(result));
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped after ", done, " pictures");
  }
}

bool is_there(const ShardPlace& place, std::int64_t shard) {
  std::error_code ignored;
  return std::filesystem::exists(place.file(shard), ignored);
}

/// Adds shards to a set, in order.
class Gathering {
 public:
  Gathering(const FeatureFacts& facts, const WantedFeatures& wanted)
      : wanted_(wanted), set_{.pooled = GaussianSums(facts.dims)} {
    if (wanted.spatial) set_.spatial.emplace(facts.spatial);
  }
  void add(const FeatureShard& shard) {
    set_.pooled.add(shard.features.pooled);
    if (wanted_.spatial) set_.spatial->add(shard.features.spatial);
    if (wanted_.points) points_.push_back(shard.features.pooled.clone());
    if (wanted_.logits) logits_.push_back(shard.features.logits.clone());
    set_.unreadable.insert(set_.unreadable.end(), shard.unreadable.begin(), shard.unreadable.end());
  }
  ExtractedSet finish() {
    if (wanted_.points) set_.points = at::cat(points_);
    if (wanted_.logits) set_.logits = at::cat(logits_);
    return std::move(set_);
  }

 private:
  WantedFeatures wanted_;
  ExtractedSet set_;
  std::vector<at::Tensor> points_{};
  std::vector<at::Tensor> logits_{};
};

void make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  TESSERA_CHECK(!failed, kIo, folder.string(), ": cannot create: ", failed.message());
}

/// Writes the shards of a share that are not there yet.
void compute_missing(Extraction& extraction,
                     const ProcessShare& share,
                     const ProgressSink& progress,
                     const std::stop_token& stop) {
  std::vector<std::int64_t> missing;
  for (std::int64_t s = share.rank; s < extraction.shards(); s += share.count) {
    if (!read_shard(extraction.place(), s)) missing.push_back(s);
  }
  extraction.compute(
      missing,
      [&](std::int64_t shard, const FeatureShard& content) {
        write_shard(extraction.place(), shard, content);
      },
      progress,
      stop);
}

bool all_there(const Extraction& extraction) {
  for (std::int64_t s = 0; s < extraction.shards(); ++s) {
    if (!is_there(extraction.place(), s)) return false;
  }
  return true;
}

}  // namespace

void extract_share(const PictureSet& pictures,
                   const FeatureExtractor& extractor,
                   const ExtractionOptions& options,
                   const ProgressSink& progress,
                   std::stop_token stop) {
  TESSERA_CHECK(!options.folder.empty() && options.share.count >= 1 && options.share.rank >= 0 &&
                    options.share.rank < options.share.count,
                kInvalidArgument,
                "process ",
                options.share.rank,
                " of ",
                options.share.count,
                " needs a folder that all of them share, and a number below theirs");
  make_folder(options.folder);
  Extraction extraction(pictures, extractor, options);
  compute_missing(extraction, options.share, progress, stop);
}

ExtractedSet extract_features(const PictureSet& pictures,
                              const FeatureExtractor& extractor,
                              const ExtractionOptions& options,
                              const ProgressSink& progress,
                              std::stop_token stop) {
  Extraction extraction(pictures, extractor, options);
  Gathering gathering(extractor.facts(), options.wanted);
  if (extraction.keeps()) {
    make_folder(options.folder);
    compute_missing(extraction, {}, progress, stop);
    for (std::int64_t s = 0; s < extraction.shards(); ++s) {
      const std::optional<FeatureShard> shard = read_shard(extraction.place(), s);
      TESSERA_CHECK(shard.has_value(),
                    kIo,
                    extraction.place().file(s).string(),
                    ": was just written and cannot be read");
      gathering.add(*shard);
    }
  } else {
    std::vector<std::int64_t> every;
    for (std::int64_t s = 0; s < extraction.shards(); ++s) every.push_back(s);
    extraction.compute(
        every,
        [&](std::int64_t, const FeatureShard& content) { gathering.add(content); },
        progress,
        stop);
  }
  ExtractedSet out = gathering.finish();
  TESSERA_CHECK(out.pooled.count() > 0,
                kCorruptFile,
                pictures.title(),
                ": none of ",
                pictures.size(),
                " pictures can be read, the first because: ",
                out.unreadable.empty() ? "" : out.unreadable.front().reason);
  return out;
}

bool all_shards_there(const PictureSet& pictures,
                      const FeatureExtractor& extractor,
                      const ExtractionOptions& options) {
  return all_there(Extraction(pictures, extractor, options));
}

void wait_for_shards(const PictureSet& pictures,
                     const FeatureExtractor& extractor,
                     const ExtractionOptions& options,
                     std::stop_token stop) {
  const Extraction extraction(pictures, extractor, options);
  while (!all_there(extraction)) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped while waiting for other processes");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace tessera::eval
