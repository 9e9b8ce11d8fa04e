// Lists of files that would do harm, or are damaged: refused before anything is written.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/hub/hub_fixture.h"
#include "tests/support/expect_error.h"

namespace tessera::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class HostileListing : public HubTest {
 protected:
  static Json file(const std::string& path) {
    return {{"rfilename", path}, {"size", 2}, {"blobId", std::string(40, 'a')}};
  }
  static std::string listing_of(const Json& siblings, const std::string& sha = FakeHub::kCommit) {
    return Json{{"sha", sha}, {"siblings", siblings}}.dump();
  }
  void expect_refused(const std::string& listing, const std::string& message) {
    hub_.listing = listing;
    expect_error(ErrorCode::kCorruptFile, message, [&] { pull(); });
    EXPECT_FALSE(fs::exists(cache()));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 0);
  }
};

TEST_F(HostileListing, PathsThatLeaveTheFolder) {
  for (const char* path : {"../../../../escaped.json",
                           "/tmp/escaped.json",
                           "a/../../escaped.json",
                           "a//b.json",
                           "..\\escaped.json",
                           "",
                           "a\n.json"}) {
    expect_refused(listing_of({file("model_index.json"), file(path)}), "which is refused");
  }
}

TEST_F(HostileListing, AFileThatIsAFolderToo) {
  expect_refused(listing_of({file("a/b/c.json"), file("a/b")}), "as a file and as a folder");
  expect_refused(listing_of({file("a"), file("a.b"), file("a/c.json")}), "\"a\" as a file");
  expect_refused(listing_of({file("a.json"), file("a.json")}), "\"a.json\" twice");
}

TEST_F(HostileListing, ACommitThatIsNone) {
  for (const char* sha : {"", "../../x", "main", "0123456789abcdef0123456789abcdef0123456Z"}) {
    expect_refused(listing_of(Json::array({file("model_index.json")}), sha), "as the commit");
  }
}

TEST_F(HostileListing, AnEtagThatIsNoHashNamesNoFile) {
  Json one = file("config.json");
  one["blobId"] = "../../../../escaped";
  hub_.add("config.json", "{}", false);
  hub_.files.at("config.json").etag = "../../../../escaped";  // the file's own header says so too
  expect_refused(listing_of(Json::array({one})),
                 "tells no hash of it (etag \"../../../../escaped\")");
}

TEST_F(HostileListing, DamagedAnswers) {
  expect_refused("{", "not valid JSON");
  expect_refused("[]", "lists no files");
  expect_refused(R"({"sha": "x"})", "lists no files");
  expect_refused(listing_of({1, 2}), "damaged");
  expect_refused(listing_of(Json::array({{{"rfilename", 7}}})), "which is refused");
  expect_refused(std::string(1000, '['), "nested deeper");
}

TEST_F(HostileListing, ASizeThatCannotBeIsAskedForAgain) {
  for (const Json& size : {Json(-1), Json(1e30), Json("2"), Json(18446744073709551615u)}) {
    Json one = file("transformer/config.json");
    one["blobId"] = hub_.files.at("transformer/config.json").etag;
    one["size"] = size;
    hub_.listing = listing_of(Json::array({one}));
    EXPECT_EQ(hub::plan_pull(request_, settings_, {}).bytes(), 2u) << size;
  }
}

TEST_F(HostileListing, EmptyRepositories) {
  hub_.listing = listing_of(Json::array());
  expect_error(ErrorCode::kNotFound, "holds no file that Tessera reads", [&] { pull(); });
}

}  // namespace
}  // namespace tessera::test
