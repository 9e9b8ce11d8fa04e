#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "hub/listing.h"
#include "hub/repository.h"
#include "hub/settings.h"

namespace tessera::hub {

/// What of a repository is wanted.
struct PullRequest {
  Repository repository;
  std::string revision = "main";
  std::string variant{};  // of the weights, "fp16"; "" = none in their names
  bool all = false;       // every file, whether Tessera reads it or not
};

struct PlannedFile {
  RepositoryFile file{};
  std::uint64_t missing = 0;  // bytes that are not here yet
  bool placed = false;        // stands in the snapshot, whole
};

/// What a pull will do. `files` is empty where `offline`: only the cache was asked.
struct PullPlan {
  std::string commit{};
  std::filesystem::path folder{};  // the snapshot
  std::vector<PlannedFile> files{};
  bool offline = false;

  std::uint64_t bytes() const;
  std::uint64_t missing() const;
};

/// Asks the endpoint what there is and the cache what is missing; writes nothing. One request where
/// the endpoint tells sizes and hashes in its list, else one more a file. Where the settings say
/// offline: what the cache has, or kNotFound.
PullPlan plan_pull(const PullRequest& request, const Settings& settings, std::stop_token stop);

/// Fetches what is missing (see fetch_blob), makes each file appear in the snapshot as soon as it
/// is whole, and writes the ref when all are. Checks the free space first. Progress is in bytes,
/// stage "pull". Throws kNotFound, kCorruptFile, kIo, kCancelled; what is done stays done.
void run_pull(const PullRequest& request,
              const PullPlan& plan,
              const Settings& settings,
              const ProgressSink& progress,
              std::stop_token stop);

}  // namespace tessera::hub
