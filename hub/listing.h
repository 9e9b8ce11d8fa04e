#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "hub/http.h"
#include "hub/repository.h"
#include "hub/retry.h"
#include "hub/settings.h"

namespace tessera::hub {

/// A file of a repository at one commit.
struct RepositoryFile {
  std::string path{};       // relative, inside the model's folder
  std::uint64_t bytes = 0;  // of its content
  std::string etag{};       // hash of its content: the blob's name; "" = not told yet
};

struct Listing {
  std::string commit{};
  std::vector<RepositoryFile> files{};  // by path
};

/// The files of a revision: GET /api/models/REPO/revision/REV?blobs=true. Nothing of the answer is
/// believed: a commit that is none, a path that leaves the folder, is listed twice or is a file and
/// a folder at once throws kCorruptFile. Throws kNotFound, kIo, kCancelled.
Listing fetch_listing(HttpClient& client,
                      const Settings& settings,
                      const Repository& repository,
                      const std::string& revision,
                      std::stop_token stop);

/// Size and etag of a file that the listing did not tell, from the headers of its own address.
/// Throws kCorruptFile where they hold no hash.
void fetch_facts(HttpClient& client,
                 const Settings& settings,
                 const Repository& repository,
                 const std::string& commit,
                 RepositoryFile& file,
                 std::stop_token stop);

/// {endpoint}/REPO/resolve/COMMIT/PATH
std::string file_url(const Settings& settings,
                     const Repository& repository,
                     const std::string& commit,
                     const std::string& path);

/// W/"abc" -> abc
std::string plain_etag(const std::string& header);

}  // namespace tessera::hub
