#include "hub/cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::hub {
namespace {

using ::testing::ElementsAre;
namespace fs = std::filesystem;

const std::string kCommit(40, '1');
const std::string kEtag(40, 'e');

/// A cache as another tool leaves it.
class HubCache : public ::testing::Test {
 protected:
  void write(const std::string& path, const std::string& bytes) {
    fs::create_directories((folder_ / path).parent_path());
    folder_.write(path, bytes);
  }
  test::TemporaryFolder folder_{};
  Repository repository_{"org/model"};
  RepositoryCache cache_{folder_.path(), repository_};
  std::string own_ = "models--org--model/";
};

TEST_F(HubCache, FindsWhatOtherToolsPutThere) {
  write(own_ + "blobs/" + kEtag, "{}");
  write(own_ + "snapshots/" + kCommit + "/x", "");
  EXPECT_FALSE(find_cached(folder_.path(), repository_)) << "no ref yet";
  EXPECT_EQ(find_cached(folder_.path(), repository_, kCommit), cache_.snapshot(kCommit));
  write(own_ + "refs/main", kCommit);
  write(own_ + "refs/refs/pr/1", kCommit);
  EXPECT_EQ(find_cached(folder_.path(), repository_), cache_.snapshot(kCommit));
  EXPECT_EQ(find_cached(folder_.path(), repository_, "refs/pr/1"), cache_.snapshot(kCommit));
  EXPECT_FALSE(find_cached(folder_.path(), repository_, "other"));
  EXPECT_FALSE(find_cached(folder_.path(), Repository("org/other")));
}

TEST_F(HubCache, ARefThatIsNoCommitIsNotFollowed) {
  write("outside/model_index.json", "{}");
  write(own_ + "snapshots/" + kCommit + "/x", "");
  for (const std::string& text :
       {std::string("../../../outside"), std::string(40, '2'), kCommit + "\n", std::string()}) {
    write(own_ + "refs/main", text);
    EXPECT_FALSE(find_cached(folder_.path(), repository_)) << text;
  }
  EXPECT_THROW(find_cached(folder_.path(), repository_, "../main"), Error);
}

TEST_F(HubCache, PlacesRelativeLinksAtAnyDepth) {
  cache_.prepare();
  folder_.write(own_ + "blobs/" + kEtag, "content");
  for (const std::string path : {"a", "b/c", "b/d/e"}) {
    cache_.place(kCommit, {.path = path, .etag = kEtag});
    EXPECT_TRUE(cache_.has(kCommit, path, kEtag, 7));
    EXPECT_FALSE(cache_.has(kCommit, path, kEtag, 8));
    EXPECT_FALSE(cache_.has(kCommit, path, std::string(40, 'f'), 7));
    EXPECT_EQ(read_file(cache_.snapshot(kCommit) / path), "content");
  }
  EXPECT_EQ(fs::read_symlink(cache_.snapshot(kCommit) / "a").string(), "../../blobs/" + kEtag);
  EXPECT_EQ(fs::read_symlink(cache_.snapshot(kCommit) / "b/d/e").string(),
            "../../../../blobs/" + kEtag);
}

TEST_F(HubCache, WithoutLinksTheFileItselfStandsInTheSnapshot) {
  cache_.prepare();
  folder_.write(own_ + "blobs/" + kEtag, "content");
  const auto none = RepositoryCache::Links::kNone;
  cache_.place(kCommit, {.path = "a/b", .etag = kEtag, .links = none});
  EXPECT_TRUE(cache_.has_blob(kEtag, 7)) << "other snapshots may need it";
  cache_.place(kCommit, {.path = "c", .etag = kEtag, .links = none, .fresh = true});
  EXPECT_FALSE(cache_.has_blob(kEtag, 7)) << "moved, not kept twice";
  for (const char* path : {"a/b", "c"}) {
    EXPECT_TRUE(cache_.has(kCommit, path, kEtag, 7));
    EXPECT_FALSE(fs::is_symlink(cache_.snapshot(kCommit) / path));
    EXPECT_EQ(read_file(cache_.snapshot(kCommit) / path), "content");
  }
}

TEST_F(HubCache, ALinkInTheWayOfAFolderIsRefused) {
  cache_.prepare();
  folder_.write(own_ + "blobs/" + kEtag, "content");
  fs::create_directories(folder_ / "outside");
  fs::create_directories(cache_.snapshot(kCommit));
  fs::create_directory_symlink(folder_ / "outside", cache_.snapshot(kCommit) / "vqvae");
  test::expect_error(ErrorCode::kCorruptFile, "is a link", [&] {
    cache_.place(kCommit, {.path = "vqvae/config.json", .etag = kEtag});
  });
  EXPECT_TRUE(fs::is_empty(folder_ / "outside"));
}

TEST_F(HubCache, ListsEverySnapshotWithItsSize) {
  write(own_ + "snapshots/" + kCommit + "/a", "12345");
  write(own_ + "snapshots/" + std::string(40, '2') + "/sub/b", "123");
  write(own_ + "refs/main", kCommit);
  write(own_ + "refs/v1", kCommit);
  write("models--gpt2/snapshots/" + kCommit + "/c", "1");
  write("datasets--org--data/snapshots/" + kCommit + "/d", "1");
  write("models--broken", "no folder");
  const auto found = list_cached(folder_.path());
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].repository, "gpt2");
  EXPECT_EQ(found[1].repository, "org/model");
  EXPECT_THAT(found[1].revisions, ElementsAre("main", "v1"));
  EXPECT_EQ(found[1].bytes, 5u);
  EXPECT_EQ(found[2].bytes, 3u);
  EXPECT_TRUE(found[2].revisions.empty());
  EXPECT_TRUE(list_cached(folder_ / "none").empty());
}

}  // namespace
}  // namespace tessera::hub
