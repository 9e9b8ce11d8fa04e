#include "hub/cache.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <utility>

#include <unistd.h>

#include "core/atomic_file.h"
#include "core/error.h"

namespace tessera::hub {
namespace fs = std::filesystem;
namespace {

void make_folders(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  TESSERA_CHECK(!failed && fs::is_directory(folder, failed),
                kIo,
                folder.string(),
                ": cannot make this folder: ",
                failed ? failed.message() : "something else is there");
}

/// Folders of `path` below `base`, none of which may be a link that leads out of it.
void make_folders_inside(const fs::path& base, const fs::path& path) {
  make_folders(base);
  fs::path folder = base;
  for (const fs::path& part : path.parent_path()) {
    folder /= part;
    std::error_code failed;
    TESSERA_CHECK(!fs::is_symlink(fs::symlink_status(folder, failed)),
                  kCorruptFile,
                  folder.string(),
                  ": is a link where the model's own folder belongs; refused");
    make_folders(folder);
  }
}

std::optional<std::uint64_t> size_of(const fs::path& file) {
  std::error_code failed;
  if (!fs::is_regular_file(file, failed)) return std::nullopt;
  const std::uintmax_t bytes = fs::file_size(file, failed);
  if (failed) return std::nullopt;
  return bytes;
}

/// "../../blobs/ETAG", with one ".." more for every folder inside the snapshot.
fs::path link_target(const std::string& path, const std::string& etag) {
  fs::path target = fs::path("..") / "..";
  for (const char c : path) {
    if (c == '/') target /= "..";
  }
  return target / "blobs" / etag;
}

/// Every file below `folder` whose name is a revision, and what it says.
std::map<std::string, std::vector<std::string>> revisions_by_commit(const fs::path& refs) {
  std::map<std::string, std::vector<std::string>> found;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(refs, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (!entry->is_regular_file(failed)) continue;
    try {
      found[read_file(entry->path(), 256)].push_back(
          entry->path().lexically_relative(refs).generic_string());
    } catch (const Error&) {
      continue;  // another program's
    }
  }
  for (auto& [commit, revisions] : found) std::sort(revisions.begin(), revisions.end());
  return found;
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code unreadable;
    if (entry->is_directory(unreadable)) found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

RepositoryCache::RepositoryCache(fs::path root, const Repository& repository)
    : root_(std::move(root)), folder_(root_ / repository.folder()), name_(repository.folder()) {}

void RepositoryCache::prepare() const {
  for (const char* part : {"blobs", "refs", "snapshots"}) make_folders(folder_ / part);
  make_folders(root_ / ".locks" / name_);
  const fs::path tag = root_ / "CACHEDIR.TAG";
  std::error_code failed;
  if (fs::exists(tag, failed)) return;
  write_file_atomically(tag,
                        "Signature: 8a477f597d28d172789f06886806bc55\n"
                        "# Downloaded models; https://huggingface.co tells of this folder.\n");
}

fs::path RepositoryCache::blob(const std::string& etag) const {
  return folder_ / "blobs" / etag;
}

fs::path RepositoryCache::incomplete(const std::string& etag) const {
  return folder_ / "blobs" / (etag + ".incomplete");
}

fs::path RepositoryCache::lock(const std::string& etag) const {
  return root_ / ".locks" / name_ / (etag + ".lock");
}

fs::path RepositoryCache::snapshot(const std::string& commit) const {
  return folder_ / "snapshots" / commit;
}

bool RepositoryCache::has_blob(const std::string& etag, std::uint64_t bytes) const {
  return size_of(blob(etag)) == bytes;
}

bool RepositoryCache::has(const std::string& commit,
                          const std::string& path,
                          const std::string& etag,
                          std::uint64_t bytes) const {
  const fs::path file = snapshot(commit) / path;
  std::error_code failed;
  if (fs::is_symlink(fs::symlink_status(file, failed))) {
    return fs::read_symlink(file, failed) == link_target(path, etag) && has_blob(etag, bytes);
  }
  return size_of(file) == bytes;
}

std::uint64_t RepositoryCache::incomplete_bytes(const std::string& etag) const {
  return size_of(incomplete(etag)).value_or(0);
}

void RepositoryCache::place(const std::string& commit, const Placement& placement) const {
  make_folders_inside(snapshot(commit), placement.path);
  const fs::path file = snapshot(commit) / placement.path;
  const fs::path content = blob(placement.etag);
  // Made beside the blobs, then renamed: what was there before is replaced, and nobody sees a half.
  // The name is this call's own: several threads may place the same file at once.
  static std::atomic<unsigned> calls{0};
  const fs::path temporary =
      folder_ / "blobs" / concat(".", placement.etag, ".", ::getpid(), ".", calls++, ".tmp");
  std::error_code failed;
  fs::remove(temporary, failed);
  if (placement.links == Links::kRelative) {
    fs::create_symlink(link_target(placement.path, placement.etag), temporary, failed);
  }
  if (placement.links == Links::kNone || failed) {
    failed.clear();
    if (placement.fresh) {
      fs::rename(content, temporary, failed);
    } else {
      fs::copy_file(content, temporary, failed);
    }
  }
  if (!failed) fs::rename(temporary, file, failed);
  if (!failed) return;
  std::error_code ignored;
  fs::remove(temporary, ignored);
  TESSERA_THROW(kIo, file.string(), ": cannot write: ", failed.message());
}

void RepositoryCache::write_ref(const std::string& revision, const std::string& commit) const {
  if (revision == commit) return;
  make_folders_inside(folder_ / "refs", revision);
  write_file_atomically(folder_ / "refs" / revision, commit);
}

std::optional<std::string> RepositoryCache::commit_of(const std::string& revision) const {
  std::error_code failed;
  if (is_commit(revision) && fs::is_directory(snapshot(revision), failed)) return revision;
  const fs::path ref = folder_ / "refs" / revision;
  if (!fs::is_regular_file(ref, failed)) return std::nullopt;
  const std::string commit = read_file(ref, 256);
  if (!is_commit(commit)) return std::nullopt;
  return commit;
}

std::optional<fs::path> find_cached(const fs::path& root,
                                    const Repository& repository,
                                    const std::string& revision) {
  check_revision(revision);
  const RepositoryCache cache(root, repository);
  const auto commit = cache.commit_of(revision);
  std::error_code failed;
  if (!commit || !fs::is_directory(cache.snapshot(*commit), failed)) return std::nullopt;
  return cache.snapshot(*commit);
}

std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(folder, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    bytes += size_of(entry->path()).value_or(0);
  }
  return bytes;
}

std::vector<CachedSnapshot> list_cached(const fs::path& root) {
  std::vector<CachedSnapshot> found;
  for (const fs::path& folder : folders_in(root)) {
    const auto repository = Repository::of_folder(folder.filename().string());
    if (!repository) continue;
    const auto revisions = revisions_by_commit(folder / "refs");
    for (const fs::path& snapshot : folders_in(folder / "snapshots")) {
      const std::string commit = snapshot.filename().string();
      const auto named = revisions.find(commit);
      found.push_back(
          {.repository = repository->name(),
           .revisions = named == revisions.end() ? std::vector<std::string>() : named->second,
           .commit = commit,
           .folder = snapshot,
           .bytes = bytes_below(snapshot)});
    }
  }
  return found;
}

}  // namespace tessera::hub
