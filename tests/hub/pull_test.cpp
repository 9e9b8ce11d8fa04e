// Pulls from an endpoint that behaves: the layout, what is sent to whom, several at once.
#include "hub/pull.h"

#include <future>

#include <gmock/gmock.h>

#include "hub/cache.h"
#include "tests/hub/hub_fixture.h"
#include "tests/support/expect_error.h"

namespace tessera::test {
namespace {

using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;

using Pull = HubTest;

TEST_F(Pull, GivesTheLayoutThatOtherToolsKnow) {
  const hub::PullPlan plan = pull();
  EXPECT_EQ(plan.folder, snapshot());
  const std::string index = hub_.files.at("model_index.json").etag;
  const std::string config = hub_.files.at("transformer/config.json").etag;
  const std::string weights = hub_.files.at(kBig).etag;
  const std::string own = "models--org--model/";
  const std::string shot = own + "snapshots/" + FakeHub::kCommit + "/";
  const std::string locks = ".locks/models--org--model/";
  EXPECT_THAT(entries(),
              UnorderedElementsAre("CACHEDIR.TAG",
                                   own + "refs/main",
                                   own + "blobs/" + index,
                                   own + "blobs/" + config,
                                   own + "blobs/" + weights,
                                   shot + "model_index.json -> ../../blobs/" + index,
                                   shot + "transformer/config.json -> ../../../blobs/" + config,
                                   shot + kBig + std::string(" -> ../../../blobs/") + weights,
                                   locks + index + ".lock",
                                   locks + config + ".lock",
                                   locks + weights + ".lock"));
  EXPECT_EQ(weights.size(), 64u);
  EXPECT_EQ(index.size(), 40u);
  EXPECT_EQ(read_file(repository() / "refs/main"), FakeHub::kCommit) << "and no line feed";
  expect_whole();
  EXPECT_EQ(hub::find_cached(cache(), request_.repository), snapshot());
}

TEST_F(Pull, WhatIsCompleteCostsOneCall) {
  pull();
  hub_.endpoint.forget();
  hub_.storage.forget();
  const hub::PullPlan again = pull();
  EXPECT_EQ(again.missing(), 0u);
  EXPECT_EQ(hub_.endpoint.calls().size(), 1u);
  EXPECT_EQ(hub_.storage.calls().size(), 0u);
}

TEST_F(Pull, BlobsOfAnotherCommitAreOnlyLinked) {
  pull();
  fs::remove_all(repository() / "snapshots");
  fs::remove_all(repository() / "refs");
  hub_.storage.forget();
  EXPECT_EQ(pull().missing(), 0u);
  EXPECT_EQ(hub_.storage.calls().size(), 0u);
  expect_whole();
}

TEST_F(Pull, ABlobOfTheWrongSizeIsFetchedAnew) {
  pull();
  fs::resize_file(blob(kBig), 1000);
  EXPECT_EQ(pull().missing(), 300'000u);
  expect_whole();
}

TEST_F(Pull, TheTokenGoesToTheEndpointAndToNobodyElse) {
  settings_.token = "hf_secret";
  pull();
  ASSERT_GE(hub_.endpoint.calls().size(), 4u);
  for (const HttpCall& call : hub_.endpoint.calls()) {
    EXPECT_EQ(call.header("authorization"), "Bearer hf_secret") << call.target;
  }
  const auto elsewhere = hub_.storage.calls();
  ASSERT_EQ(elsewhere.size(), 1u);
  EXPECT_EQ(elsewhere[0].header("authorization"), "");
  for (const auto& [name, value] : elsewhere[0].headers) {
    EXPECT_EQ(value.find("hf_secret"), std::string::npos) << name;
  }
}

TEST_F(Pull, ARedirectBackToTheEndpointKeepsTheToken) {
  settings_.token = "hf_secret";
  const std::string moved = std::string("/org/model/resolve/") + FakeHub::kCommit + "/";
  hub_.tamper = [&](const HttpCall& call, HttpAnswer& answer) {
    if (call.target == moved + "model_index.json") {
      answer = {.status = 307, .headers = {{"Location", "/moved/here"}}};
    }
    if (call.target == "/moved/here") answer = {.body = hub_.files.at("model_index.json").content};
  };
  pull();
  expect_whole();
  for (const HttpCall& call : hub_.endpoint.calls()) {
    EXPECT_EQ(call.header("authorization"), "Bearer hf_secret") << call.target;
  }
}

TEST_F(Pull, WithoutSizesInTheListEachFileIsAsked) {
  hub_.list_blobs = false;
  EXPECT_EQ(pull().bytes(), 300'000u + 2 + hub_.files.at("model_index.json").content.size());
  expect_whole();
  std::size_t heads = 0;
  for (const HttpCall& call : hub_.endpoint.calls()) heads += call.method == "HEAD" ? 1 : 0;
  EXPECT_EQ(heads, 3u);
  EXPECT_EQ(hub_.storage.calls().size(), 1u)
      << "the endpoint alone is asked, then the file fetched";
}

TEST_F(Pull, RevisionsAreEscapedAndRemembered) {
  request_.revision = "refs/pr/1";
  pull();
  EXPECT_EQ(read_file(repository() / "refs/refs/pr/1"), FakeHub::kCommit);
  request_.revision = FakeHub::kCommit;
  pull();
  EXPECT_FALSE(fs::exists(repository() / "refs" / FakeHub::kCommit)) << "a commit needs no ref";
}

TEST_F(Pull, OnlyWhatIsReadUnlessAllIsAskedFor) {
  hub_.add("README.md", "hello", false);
  hub_.add("transformer/diffusion_pytorch_model.fp16.safetensors", bytes_of(999, 3), true);
  EXPECT_EQ(pull().files.size(), 3u);
  request_.variant = "fp16";
  EXPECT_EQ(pull().files.size(), 3u);
  request_.all = true;
  EXPECT_EQ(pull().files.size(), 5u);
  expect_whole();
}

TEST_F(Pull, APlanWritesNothing) {
  const auto plan = hub::plan_pull(request_, settings_, {});
  EXPECT_EQ(plan.missing(), plan.bytes());
  EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(Pull, OfflineAsksTheCacheAlone) {
  settings_.offline = true;
  expect_error(ErrorCode::kNotFound, "HF_HUB_OFFLINE", [&] { pull(); });
  settings_.offline = false;
  pull();
  hub_.endpoint.forget();
  settings_.offline = true;
  EXPECT_EQ(pull().folder, snapshot());
  EXPECT_TRUE(hub_.endpoint.calls().empty());
}

TEST_F(Pull, SeveralAtOnceFetchEachFileOnce) {
  hub_.tamper = [](const HttpCall&, HttpAnswer& answer) {
    answer.piece = 30'000;
    answer.pause = std::chrono::milliseconds(10);
  };
  std::vector<std::future<void>> pulls;
  for (int i = 0; i < 4; ++i) pulls.push_back(std::async(std::launch::async, [&] { pull(); }));
  for (auto& each : pulls) EXPECT_NO_THROW(each.get());
  for (const auto& [path, file] : hub_.files) EXPECT_EQ(hub_.content_calls(path), 1u) << path;
  expect_whole();
}

TEST_F(Pull, ProgressIsInBytesAndEndsAtTheTotal) {
  std::vector<Progress> seen;
  progress_ = [&](const Progress& progress) { seen.push_back(progress); };
  const auto total = static_cast<std::int64_t>(pull().bytes());
  ASSERT_GE(seen.size(), 4u);
  EXPECT_EQ(seen.front().step, 0);
  for (std::size_t i = 1; i < seen.size(); ++i) EXPECT_GE(seen[i].step, seen[i - 1].step);
  EXPECT_EQ(seen.back().step, total);
  EXPECT_EQ(seen.back().total, total);
  EXPECT_EQ(seen.back().unit, ProgressUnit::kBytes);
  EXPECT_EQ(seen.back().note, "file 3 of 3");
}

TEST_F(Pull, WithoutLinksTheFilesStandInTheSnapshot) {
  settings_.symlinks = false;
  pull();
  EXPECT_FALSE(fs::is_symlink(snapshot() / kBig));
  expect_whole();
  hub_.storage.forget();
  EXPECT_EQ(pull().missing(), 0u);
  EXPECT_TRUE(hub_.storage.calls().empty());
}

}  // namespace
}  // namespace tessera::test
