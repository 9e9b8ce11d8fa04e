#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "hub/cache.h"
#include "hub/http.h"
#include "hub/listing.h"
#include "hub/settings.h"

namespace tessera::hub {

/// Who hears how a download goes.
struct DownloadWatch {
  std::function<void(std::uint64_t bytes)> bytes{};        // of this file so far
  std::function<void(const std::string& text)> trouble{};  // "… again in 2 s", "waiting for …"
};

/// What one blob is fetched with.
struct Download {
  HttpClient& client;
  const Settings& settings;
  const RepositoryCache& cache;
  std::string repository{};  // for messages
  std::string commit{};
  std::string url{};
  RepositoryFile file{};  // with its etag
};

/// Makes sure that the blob is in the cache, whole and with the hash that its etag promises. What
/// an earlier run left is gone on with by a range request; a server that does not know ranges
/// starts over. Broken connections, 429 and 5xx are tried again. A blob of the wrong size or hash
/// is removed: kCorruptFile, naming the file, what was expected and what came; where the first part
/// came from an earlier run, it is first fetched anew once. Two processes at once fetch it once.
/// Whatever else stops it, the part that is there stays. Returns whether anything had to be
/// fetched.
bool fetch_blob(const Download& download, const DownloadWatch& watch, std::stop_token stop);

}  // namespace tessera::hub
