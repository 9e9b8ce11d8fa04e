#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"

namespace tessera::engine {

/// Which published model, and what of it.
struct PullRequest {
  std::string repository{};  // "ORG/NAME"
  std::string revision = "main";
  std::string variant{};  // of the weights, "fp16"; "" = the plain ones
  bool all = false;       // every file of the repository, not only what Tessera reads
  bool dry_run = false;   // tell what would be fetched, and fetch nothing
};

struct PulledFile {
  std::string path{};
  std::uint64_t bytes = 0;
  std::uint64_t missing = 0;  // not in the cache when it began
};

struct PullReport {
  std::string repository{};
  std::string revision{};
  std::string commit{};
  std::filesystem::path folder{};  // holds the files, once they are fetched
  std::vector<PulledFile> files{};
  std::uint64_t bytes = 0;
  std::uint64_t missing = 0;
  bool offline = false;  // HF_HUB_OFFLINE: the cache's folder, not compared with the endpoint
};

struct PullWatch {
  std::function<void(const PullReport&)> planned{};  // before anything is fetched
  ProgressSink progress{};                           // stage "pull", in bytes
};

/// Fetches a published model from $HF_ENDPOINT into the cache that other tools share
/// ($HF_HUB_CACHE); goes on where an earlier call was stopped. Throws kNotFound, kCorruptFile
/// (wrong size or hash), kIo (network, disk), kCancelled.
PullReport pull_model(const PullRequest& request, const PullWatch& watch, std::stop_token stop);

/// The report as one JSON object: repository, revision, commit, folder, bytes, missing, files.
std::string to_json(const PullReport& report);

}  // namespace tessera::engine
