#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hub/repository.h"

namespace tessera::hub {

/// The places of one repository in the shared cache:
///   models--ORG--NAME/blobs/ETAG                  content, named by its hash
///   models--ORG--NAME/blobs/ETAG.incomplete       what an unfinished download has so far
///   models--ORG--NAME/refs/REVISION               the commit that a branch or tag stood at
///   models--ORG--NAME/snapshots/COMMIT/PATH       relative link to the blob
///   .locks/models--ORG--NAME/ETAG.lock            held while a blob is written
class RepositoryCache {
 public:
  RepositoryCache(std::filesystem::path root, const Repository& repository);

  /// Folders and CACHEDIR.TAG. Throws kIo.
  void prepare() const;
  std::filesystem::path blob(const std::string& etag) const;
  std::filesystem::path incomplete(const std::string& etag) const;
  std::filesystem::path lock(const std::string& etag) const;
  std::filesystem::path snapshot(const std::string& commit) const;

  /// Whether the snapshot holds `path` whole: a link to the blob or the file itself, of that size.
  bool has(const std::string& commit,
           const std::string& path,
           const std::string& etag,
           std::uint64_t bytes) const;
  /// Whether the blob is there whole.
  bool has_blob(const std::string& etag, std::uint64_t bytes) const;
  /// Bytes of an unfinished download.
  std::uint64_t incomplete_bytes(const std::string& etag) const;
  /// How a file comes into a snapshot.
  enum class Links : unsigned char { kRelative, kNone };
  struct Placement {
    std::string path{};
    std::string etag{};
    Links links = Links::kRelative;
    bool fresh = false;  // no other snapshot can know the blob yet
  };
  /// Makes a whole blob appear in the snapshot, at once. Where the file system has no links, or
  /// `links` says so, the file itself is put there: a fresh one moved, another one copied. Throws
  /// kIo, and kCorruptFile where a folder on the way is a link.
  void place(const std::string& commit, const Placement& placement) const;
  void write_ref(const std::string& revision, const std::string& commit) const;
  /// The commit that a revision stands for here: itself, or what its ref says.
  std::optional<std::string> commit_of(const std::string& revision) const;

 private:
  std::filesystem::path root_;
  std::filesystem::path folder_;
  std::string name_;
};

/// The snapshot folder of a revision, without a network. None where it is not in the cache.
std::optional<std::filesystem::path> find_cached(const std::filesystem::path& root,
                                                 const Repository& repository,
                                                 const std::string& revision = "main");

struct CachedSnapshot {
  std::string repository{};
  std::vector<std::string> revisions{};  // branches and tags that stand at it
  std::string commit{};
  std::filesystem::path folder{};
  std::uint64_t bytes = 0;  // of its files
};

/// Every snapshot of every model in the cache, by name and commit; what cannot be read is left out.
std::vector<CachedSnapshot> list_cached(const std::filesystem::path& root);

/// Bytes of every file below a folder, links followed.
std::uint64_t bytes_below(const std::filesystem::path& folder);

}  // namespace tessera::hub
