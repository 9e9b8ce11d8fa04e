#pragma once

#include <functional>
#include <map>
#include <string>

#include "hub/settings.h"
#include "tests/support/http_server.h"

namespace tessera::test {

/// A file of the fake endpoint. Large ones are served by the second server, behind a redirect.
struct FakeFile {
  std::string content{};
  bool large = false;
  std::string etag{};  // SHA-256 of a large file's content, git's hash of a small one's
};

/// A Hugging-Face-compatible endpoint with one repository, "org/model", and beside it the server
/// that holds its large files: another port, so another host as far as tokens are concerned.
class FakeHub {
 public:
  static constexpr const char* kCommit = "0123456789abcdef0123456789abcdef01234567";

  FakeHub();
  void add(const std::string& path, const std::string& content, bool large);

  /// Settings for a test: short waits, an empty environment, the cache in `cache`.
  hub::Settings settings(const std::filesystem::path& cache) const;
  /// Calls of both servers for one file's content.
  std::size_t content_calls(const std::string& path) const;

  std::map<std::string, FakeFile> files{};
  bool list_blobs = true;  // whether the list of files tells sizes and hashes
  bool ranges = true;      // whether range requests are answered with ranges
  /// Changes an answer before it is sent; called for both servers' requests, one at a time.
  std::function<void(const HttpCall& call, HttpAnswer& answer)> tamper{};
  std::string listing{};  // sent in place of the true list where not empty

  HttpServer endpoint;
  HttpServer storage;

 private:
  HttpAnswer answer_endpoint(const HttpCall& call) const;
  HttpAnswer answer_storage(const HttpCall& call) const;
  HttpAnswer content_answer(const HttpCall& call, const FakeFile& file) const;
  std::string true_listing() const;
};

}  // namespace tessera::test
