#include "engine/models.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::engine {
namespace {

namespace fs = std::filesystem;

/// A cache with one published model at two revisions, and a data folder with one own model.
class Models : public ::testing::Test {
 protected:
  Models() {
    ::setenv("HF_HUB_CACHE", (folder_ / "cache").c_str(), 1);
    ::setenv("XDG_DATA_HOME", (folder_ / "data").c_str(), 1);
    ::setenv("TESSERA_MODEL", (folder_ / "shipped").c_str(), 1);
    write("shipped/model_index.json", R"({"schema": "tessera.model/1"})");
    write("data/tessera/models/mine/model_index.json", R"({"schema": "tessera.model/1"})");
    write(own_ + "snapshots/" + commit_ + "/model_index.json",
          R"({"_class_name": "VQDiffusionPipeline"})");
    write(own_ + "refs/main", commit_);
    write(own_ + "refs/fp16", commit_);
    write("cache/models--org--chat/snapshots/" + commit_ + "/config.json", "{}");
    write("cache/models--org--other/snapshots/" + commit_ + "/model_index.json",
          R"({"_class_name": "StableDiffusionPipeline"})");
  }
  ~Models() override {
    for (const char* name : {"HF_HUB_CACHE", "XDG_DATA_HOME", "TESSERA_MODEL"}) ::unsetenv(name);
  }
  void write(const std::string& path, const std::string& bytes) {
    fs::create_directories((folder_ / path).parent_path());
    folder_.write(path, bytes);
  }
  test::TemporaryFolder folder_{};
  std::string commit_ = std::string(40, 'c');
  std::string own_ = "cache/models--org--model/";
};

TEST_F(Models, NamesLeadToFolders) {
  const fs::path published = folder_ / (own_ + "snapshots/" + commit_);
  EXPECT_EQ(resolve_model(""), folder_ / "shipped");
  EXPECT_EQ(resolve_model("org/model"), published);
  EXPECT_EQ(resolve_model("org/model@fp16"), published);
  EXPECT_EQ(resolve_model("org/model@" + commit_), published);
  EXPECT_EQ(resolve_model("mine"), folder_ / "data/tessera/models/mine");
}

TEST_F(Models, WhatExistsOnDiskWins) {
  const fs::path before = fs::current_path();
  write("here/org/model/x", "");
  fs::create_directories(folder_ / "here/mine");
  fs::current_path(folder_ / "here");
  EXPECT_EQ(resolve_model("org/model"), "org/model");
  EXPECT_EQ(resolve_model("mine"), "mine");
  fs::current_path(before);
}

TEST_F(Models, AMissingPublishedModelSaysHowToGetIt) {
  test::expect_error(ErrorCode::kNotFound, "get it with: tessera pull org/none", [] {
    resolve_model("org/none");
  });
  test::expect_error(ErrorCode::kNotFound, "tessera pull org/model --revision v2", [] {
    resolve_model("org/model@v2");
  });
  for (const char* other : {"nowhere", "/no/such/folder", "../no-such-model", "a/b/c"}) {
    EXPECT_EQ(resolve_model(other), other) << "whoever opens it complains";
    EXPECT_FALSE(find_model(other)) << other;
  }
  EXPECT_FALSE(find_model(""));
  EXPECT_FALSE(find_model("org/none"));
}

TEST_F(Models, TheListHoldsWhatTesseraReads) {
  const auto models = list_models();
  ASSERT_EQ(models.size(), 4u);
  EXPECT_EQ(models[0].origin, "shipped");
  EXPECT_EQ(models[0].name, "");
  EXPECT_EQ(models[1].name, "mine");
  EXPECT_EQ(models[2].name, "org/model@fp16");
  EXPECT_EQ(models[3].name, "org/model");
  EXPECT_EQ(models[3].bytes, 38u);
  for (const LocalModel& model : models) {
    EXPECT_EQ(resolve_model(model.name), model.folder) << "the name leads back";
  }
}

}  // namespace
}  // namespace tessera::engine
