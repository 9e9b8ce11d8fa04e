#pragma once

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "hub/pull.h"
#include "tests/hub/fake_hub.h"
#include "tests/support/temporary_folder.h"

namespace tessera::test {

/// `size` bytes that do not repeat at any length that a mistake would have.
inline std::string bytes_of(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  unsigned state = seed * 2654435761u + 1;
  for (char& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

/// A fake endpoint and an empty cache.
class HubTest : public ::testing::Test {
 protected:
  static constexpr const char* kBig = "transformer/diffusion_pytorch_model.bin";

  HubTest() : settings_(hub_.settings(cache())) {
    ::setenv("no_proxy", "127.0.0.1", 1);  // nothing may leave this machine
    hub_.add("model_index.json", R"({"_class_name": "VQDiffusionPipeline"})", false);
    hub_.add("transformer/config.json", "{}", false);
    hub_.add(kBig, bytes_of(300'000, 1), true);
  }

  std::filesystem::path cache() const { return folder_ / "cache/hub"; }
  std::filesystem::path repository() const { return cache() / "models--org--model"; }
  std::filesystem::path snapshot() const { return repository() / "snapshots" / FakeHub::kCommit; }
  std::filesystem::path blob(const std::string& path) const {
    return repository() / "blobs" / hub_.files.at(path).etag;
  }
  std::filesystem::path incomplete(const std::string& path) const {
    return blob(path).string() + ".incomplete";
  }

  hub::PullPlan pull(std::stop_token stop = {}) {
    const hub::PullPlan plan = hub::plan_pull(request_, settings_, stop);
    hub::run_pull(request_, plan, settings_, progress_, stop);
    return plan;
  }

  /// Every file and link below the cache, folders left out; links as "path -> target".
  std::set<std::string> entries() const {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(cache())) {
      const std::string path = entry.path().lexically_relative(cache()).string();
      if (entry.is_symlink()) {
        found.insert(path + " -> " + std::filesystem::read_symlink(entry.path()).string());
      } else if (!entry.is_directory()) {
        found.insert(path);
      }
    }
    return found;
  }
  void expect_whole() const {
    for (const auto& [path, file] : hub_.files) {
      EXPECT_EQ(read_file(snapshot() / path) == file.content, true) << path;
      EXPECT_FALSE(std::filesystem::exists(incomplete(path))) << path;
    }
  }

  TemporaryFolder folder_{};
  FakeHub hub_{};
  hub::Settings settings_;
  hub::PullRequest request_{.repository = hub::Repository("org/model")};
  ProgressSink progress_{};
};

}  // namespace tessera::test
