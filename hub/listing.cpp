#include "hub/listing.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "hub/content_hash.h"
#include "io/json_fields.h"

namespace tessera::hub {
namespace {

using io::Json;

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 50;

std::string string_at(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// A size that may be absent; one that cannot be counts as absent too, and is asked for again.
bool size_at(const Json& json, const char* key, std::uint64_t& bytes) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return false;
  bytes = found->get<std::uint64_t>();
  return bytes <= kLargestFile;
}

/// {"rfilename", "size", "blobId", "lfs": {"sha256", "size"}}
RepositoryFile parse_file(const Json& json, const std::string& what) {
  RepositoryFile file;
  TESSERA_CHECK(json.is_object(), kCorruptFile, what, ": the server's list of files is damaged");
  file.path = string_at(json, "rfilename");
  check_listed_path(file.path, what);
  const auto lfs = json.find("lfs");
  const bool large = lfs != json.end() && lfs->is_object();
  std::string etag = large ? string_at(*lfs, "sha256") : string_at(json, "blobId");
  const bool sized = size_at(large ? *lfs : json, "size", file.bytes);
  if (sized && !hash_kind(etag).empty()) file.etag = std::move(etag);
  return file;
}

/// REQUIRES: sorted by path.
void check_distinct(const std::vector<RepositoryFile>& files, const std::string& what) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::string& path = files[i].path;
    TESSERA_CHECK(i == 0 || files[i - 1].path != path,
                  kCorruptFile,
                  what,
                  ": the server lists \"",
                  printable(path),
                  "\" twice");
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const std::string folder = path.substr(0, slash);
      const auto found = std::lower_bound(
          files.begin(), files.end(), folder, [](const RepositoryFile& file, const auto& name) {
            return file.path < name;
          });
      TESSERA_CHECK(found == files.end() || found->path != folder,
                    kCorruptFile,
                    what,
                    ": the server lists \"",
                    printable(folder),
                    "\" as a file and as a folder");
    }
  }
}

}  // namespace

Listing fetch_listing(HttpClient& client,
                      const Settings& settings,
                      const Repository& repository,
                      const std::string& revision,
                      std::stop_token stop) {
  check_revision(revision);
  const std::string what =
      revision == "main" ? repository.name() : repository.name() + " (revision " + revision + ")";
  const std::string url = concat(settings.endpoint,
                                 "/api/models/",
                                 repository.name(),
                                 "/revision/",
                                 url_escaped(revision, Slashes::kEscape),
                                 "?blobs=true");
  std::string text;
  Retry retry(settings, what, {}, stop);
  const HttpReply reply = retrying(retry, [&] { return client.get_text(url, text, stop); });
  check_status(reply, what, settings);
  const Json json = io::parse_json(text, what + ": the server's answer");
  const auto siblings = json.is_object() ? json.find("siblings") : json.end();
  TESSERA_CHECK(siblings != json.end() && siblings->is_array(),
                kCorruptFile,
                what,
                ": the server's answer lists no files");
  Listing listing;
  listing.commit = string_at(json, "sha");
  TESSERA_CHECK(is_commit(listing.commit),
                kCorruptFile,
                what,
                ": the server names \"",
                printable(listing.commit),
                "\" as the commit; it must be 40 hexadecimal digits");
  for (const Json& file : *siblings) listing.files.push_back(parse_file(file, what));
  std::sort(listing.files.begin(), listing.files.end(), [](const auto& a, const auto& b) {
    return a.path < b.path;
  });
  check_distinct(listing.files, what);
  return listing;
}

std::string plain_etag(const std::string& header) {
  std::string etag = header.starts_with("W/") ? header.substr(2) : header;
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return etag;
}

std::string file_url(const Settings& settings,
                     const Repository& repository,
                     const std::string& commit,
                     const std::string& path) {
  return concat(settings.endpoint,
                "/",
                repository.name(),
                "/resolve/",
                commit,
                "/",
                url_escaped(path, Slashes::kKeep));
}

void fetch_facts(HttpClient& client,
                 const Settings& settings,
                 const Repository& repository,
                 const std::string& commit,
                 RepositoryFile& file,
                 std::stop_token stop) {
  const std::string what = repository.name() + ": " + file.path;
  const std::string url = file_url(settings, repository, commit, file.path);
  Retry retry(settings, what, {}, stop);
  const HttpReply reply =
      retrying(retry, [&] { return client.send({.method = Method::kHead, .url = url}, {}, stop); });
  if (reply.status / 100 != 3) check_status(reply, what, settings);
  std::string etag = reply.endpoint_header("x-linked-etag");
  if (etag.empty()) etag = reply.endpoint_header("etag");
  etag = plain_etag(etag);
  TESSERA_CHECK(!hash_kind(etag).empty(),
                kCorruptFile,
                what,
                ": the server tells no hash of it (etag \"",
                printable(etag),
                "\"), so that nothing could be checked");
  std::string size = reply.endpoint_header("x-linked-size");
  if (size.empty()) size = reply.endpoint_header("content-length");
  const auto [end, failed] = std::from_chars(size.data(), size.data() + size.size(), file.bytes);
  TESSERA_CHECK(failed == std::errc() && end == size.data() + size.size() && !size.empty() &&
                    file.bytes <= kLargestFile,
                kCorruptFile,
                what,
                ": the server tells no size of it");
  file.etag = etag;
}

}  // namespace tessera::hub
