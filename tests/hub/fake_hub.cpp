#include "tests/hub/fake_hub.h"

#include <nlohmann/json.hpp>

#include "hub/content_hash.h"

namespace tessera::test {
namespace {

std::string hash_of(const std::string& content, bool large) {
  hub::ContentHash hash(std::string(large ? 64 : 40, '0'), content.size());
  hash.update(content.data(), content.size());
  return hash.hex();
}

}  // namespace

FakeHub::FakeHub()
    : endpoint([this](const HttpCall& call) {
        HttpAnswer answer = answer_endpoint(call);
        if (tamper) tamper(call, answer);
        return answer;
      }),
      storage([this](const HttpCall& call) {
        HttpAnswer answer = answer_storage(call);
        if (tamper) tamper(call, answer);
        return answer;
      }) {}

void FakeHub::add(const std::string& path, const std::string& content, bool large) {
  files[path] = {.content = content, .large = large, .etag = hash_of(content, large)};
}

hub::Settings FakeHub::settings(const std::filesystem::path& cache) const {
  return {.endpoint = endpoint.url(),
          .cache = cache,
          .connect_seconds = 5,
          .stall_seconds = 1,
          .attempts = 4,
          .first_wait = 0.01,
          .longest_wait = 2};
}

std::size_t FakeHub::content_calls(const std::string& path) const {
  const std::string small = std::string("/org/model/resolve/") + kCommit + "/" + path;
  const std::string large = "/storage/" + path;
  std::size_t count = 0;
  for (const HttpServer* server : {&endpoint, &storage}) {
    for (const HttpCall& call : server->calls()) {
      count += call.target == (files.at(path).large ? large : small) ? 1 : 0;
    }
  }
  return count;
}

std::string FakeHub::true_listing() const {
  nlohmann::json siblings = nlohmann::json::array();
  for (const auto& [path, file] : files) {
    nlohmann::json entry = {{"rfilename", path}};
    if (list_blobs) {
      entry["size"] = file.content.size();
      entry["blobId"] = std::string(40, 'b');
      if (file.large) {
        entry["lfs"] = {{"sha256", file.etag}, {"size", file.content.size()}, {"pointerSize", 134}};
      } else {
        entry["blobId"] = file.etag;
      }
    }
    siblings.push_back(entry);
  }
  return nlohmann::json{{"id", "org/model"}, {"sha", kCommit}, {"siblings", siblings}}.dump();
}

HttpAnswer FakeHub::content_answer(const HttpCall& call, const FakeFile& file) const {
  HttpAnswer answer{.body = file.content};
  const std::string range = call.header("range");
  const std::string if_range = call.header("if-range");
  const std::string own = (file.large ? "\"of this server " : "\"") + file.etag + "\"";
  answer.headers.emplace_back("ETag", own);
  if (!ranges || range.empty() || (!if_range.empty() && if_range != own)) return answer;
  const std::size_t first = std::stoull(range.substr(std::string("bytes=").size()));
  if (first >= file.content.size()) return {.status = 416};
  answer.status = 206;
  answer.body = file.content.substr(first);
  answer.headers.emplace_back("Content-Range",
                              "bytes " + std::to_string(first) + "-" +
                                  std::to_string(file.content.size() - 1) + "/" +
                                  std::to_string(file.content.size()));
  return answer;
}

HttpAnswer FakeHub::answer_endpoint(const HttpCall& call) const {
  if (call.target.starts_with("/api/models/org/model/revision/")) {
    const std::string revision =
        call.target.substr(std::string("/api/models/org/model/revision/").size());
    if (revision != "main?blobs=true" && revision != std::string(kCommit) + "?blobs=true" &&
        revision != "refs%2Fpr%2F1?blobs=true") {
      return {.status = 404};
    }
    return {.body = listing.empty() ? true_listing() : listing};
  }
  const std::string start = std::string("/org/model/resolve/") + kCommit + "/";
  if (!call.target.starts_with(start)) return {.status = 404};
  const auto found = files.find(call.target.substr(start.size()));
  if (found == files.end()) return {.status = 404};
  const FakeFile& file = found->second;
  if (!file.large) {
    HttpAnswer answer = content_answer(call, file);
    answer.headers.emplace_back("X-Repo-Commit", kCommit);
    return answer;
  }
  return {.status = 302,
          .headers = {{"Location", storage.url() + "/storage/" + found->first},
                      {"X-Repo-Commit", kCommit},
                      {"X-Linked-Etag", "\"" + file.etag + "\""},
                      {"X-Linked-Size", std::to_string(file.content.size())}},
          .body = "elsewhere"};
}

HttpAnswer FakeHub::answer_storage(const HttpCall& call) const {
  const std::string start = "/storage/";
  const auto found =
      files.find(call.target.starts_with(start) ? call.target.substr(start.size()) : std::string());
  return found == files.end() ? HttpAnswer{.status = 404} : content_answer(call, found->second);
}

}  // namespace tessera::test
