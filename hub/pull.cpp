#include "hub/pull.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iterator>
#include <sstream>

#include "core/error.h"
#include "hub/cache.h"
#include "hub/download.h"
#include "hub/selection.h"

namespace tessera::hub {
namespace fs = std::filesystem;
namespace {

using Clock = std::chrono::steady_clock;

/// One stage of progress over all files, from reports of the single ones.
class Tally {
 public:
  Tally(const PullPlan& plan, const ProgressSink& sink) : sink_(sink) {
    progress_.stage = "pull";
    progress_.unit = ProgressUnit::kBytes;
    progress_.total = static_cast<std::int64_t>(plan.bytes());
    progress_.value = NAN;
    for (const PlannedFile& planned : plan.files) {
      before_ += planned.file.bytes - planned.missing;
      files_ += planned.placed ? 0 : 1;
    }
    show(0);
  }
  void begin_file(const PlannedFile& planned) {
    // Of this file nothing is counted until it reports its bytes.
    before_ -= planned.file.bytes - planned.missing;
    note_ = files_ > 1 ? concat("file ", ++number_, " of ", files_) : "";
    progress_.note = note_;
  }
  void bytes_of_file(std::uint64_t bytes) {
    progress_.note = note_;
    show(bytes);
  }
  void trouble(const std::string& text) {
    progress_.note = text;
    show(shown_);
  }
  void end_file(const PlannedFile& planned) { before_ += planned.file.bytes; }

 private:
  void show(std::uint64_t of_file) {
    shown_ = of_file;
    progress_.step = static_cast<std::int64_t>(before_ + of_file);
    progress_.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (sink_) sink_(progress_);
  }

  const ProgressSink& sink_;
  Clock::time_point begin_ = Clock::now();
  Progress progress_{};
  std::uint64_t before_ = 0;  // bytes of the other files
  std::uint64_t shown_ = 0;
  std::size_t number_ = 0;
  std::size_t files_ = 0;
  std::string note_{};
};

std::string in_units(std::uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1000 && unit + 1 < std::size(kUnits)) amount /= 1000, ++unit;
  std::ostringstream text;
  text << std::setprecision(3) << amount << " " << kUnits[unit];
  return text.str();
}

void check_space(const fs::path& cache, std::uint64_t missing) {
  std::error_code failed;
  const fs::space_info space = fs::space(cache, failed);
  if (failed) return;  // a file system that does not tell
  TESSERA_CHECK(space.available >= missing,
                kIo,
                cache.string(),
                ": not enough space: ",
                in_units(missing),
                " are missing of the model, ",
                in_units(space.available),
                " are free");
}

PullPlan offline_plan(const PullRequest& request, const Settings& settings) {
  const auto folder = find_cached(settings.cache, request.repository, request.revision);
  TESSERA_CHECK(folder,
                kNotFound,
                request.repository.name(),
                ": not in the cache (",
                settings.cache.string(),
                "), and HF_HUB_OFFLINE forbids to fetch it");
  return {.commit = folder->filename().string(), .folder = *folder, .offline = true};
}

}  // namespace

std::uint64_t PullPlan::bytes() const {
  std::uint64_t sum = 0;
  for (const PlannedFile& planned : files) sum += planned.file.bytes;
  return sum;
}

std::uint64_t PullPlan::missing() const {
  std::uint64_t sum = 0;
  for (const PlannedFile& planned : files) sum += planned.missing;
  return sum;
}

PullPlan plan_pull(const PullRequest& request, const Settings& settings, std::stop_token stop) {
  if (settings.offline) return offline_plan(request, settings);
  HttpClient client(settings);
  const Listing listing =
      fetch_listing(client, settings, request.repository, request.revision, stop);
  const RepositoryCache cache(settings.cache, request.repository);
  PullPlan plan{.commit = listing.commit, .folder = cache.snapshot(listing.commit)};
  std::vector<RepositoryFile> files = listing.files;
  if (!request.all) files = select_files(files, request.variant, request.repository.name());
  TESSERA_CHECK(!files.empty(),
                kNotFound,
                request.repository.name(),
                ": holds no file that Tessera reads (--all fetches every file)");
  for (RepositoryFile& file : files) {
    if (file.etag.empty()) {
      fetch_facts(client, settings, request.repository, listing.commit, file, stop);
    }
    PlannedFile planned{.file = std::move(file)};
    const RepositoryFile& own = planned.file;
    planned.placed = cache.has(listing.commit, own.path, own.etag, own.bytes);
    if (!planned.placed && !cache.has_blob(own.etag, own.bytes)) {
      planned.missing = own.bytes - std::min(own.bytes, cache.incomplete_bytes(own.etag));
    }
    plan.files.push_back(std::move(planned));
  }
  return plan;
}

void run_pull(const PullRequest& request,
              const PullPlan& plan,
              const Settings& settings,
              const ProgressSink& progress,
              std::stop_token stop) {
  if (plan.offline) return;
  const RepositoryCache cache(settings.cache, request.repository);
  const bool whole = std::all_of(
      plan.files.begin(), plan.files.end(), [](const auto& planned) { return planned.placed; });
  if (whole && cache.commit_of(request.revision) == plan.commit) return;  // may be read-only
  cache.prepare();
  check_space(settings.cache, plan.missing());
  HttpClient client(settings);
  Tally tally(plan, progress);
  const DownloadWatch watch{.bytes = [&](std::uint64_t bytes) { tally.bytes_of_file(bytes); },
                            .trouble = [&](const std::string& text) { tally.trouble(text); }};
  for (const PlannedFile& planned : plan.files) {
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped");
    if (planned.placed) continue;
    const RepositoryFile& file = planned.file;
    tally.begin_file(planned);
    const bool fresh =
        fetch_blob({.client = client,
                    .settings = settings,
                    .cache = cache,
                    .repository = request.repository.name(),
                    .commit = plan.commit,
                    .url = file_url(settings, request.repository, plan.commit, file.path),
                    .file = file},
                   watch,
                   stop);
    cache.place(plan.commit,
                {.path = file.path,
                 .etag = file.etag,
                 .links = settings.symlinks ? RepositoryCache::Links::kRelative
                                            : RepositoryCache::Links::kNone,
                 .fresh = fresh});
    tally.end_file(planned);
  }
  cache.write_ref(request.revision, plan.commit);
}

}  // namespace tessera::hub
