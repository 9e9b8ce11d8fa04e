// Answers whose content is not what was announced: the blob goes, the line says what came.
#include <gmock/gmock.h>

#include "tests/hub/hub_fixture.h"
#include "tests/support/expect_error.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;

class DamagedDownload : public HubTest {
 protected:
  void on_storage(std::function<void(HttpAnswer& answer)> change) {
    hub_.tamper = [change](const HttpCall& call, HttpAnswer& answer) {
      if (call.target.starts_with("/storage/")) change(answer);
    };
  }
  void on_endpoint_header(const std::string& name, const std::string& value) {
    hub_.tamper = [=](const HttpCall& call, HttpAnswer& answer) {
      if (call.target.find("/resolve/") == std::string::npos) return;
      for (auto& header : answer.headers) {
        if (header.first == name) header.second = value;
      }
    };
  }
  /// Nothing of the file is left, and it can be fetched once the server is right again.
  void expect_thrown_away(const std::string& message) {
    expect_error(ErrorCode::kCorruptFile, message, [&] { pull(); });
    EXPECT_FALSE(fs::exists(incomplete(kBig)));
    EXPECT_FALSE(fs::exists(blob(kBig)));
    EXPECT_FALSE(fs::exists(fs::symlink_status(snapshot() / kBig)));
    hub_.tamper = {};
    pull();
    expect_whole();
  }
};

TEST_F(DamagedDownload, WrongHash) {
  on_storage([](HttpAnswer& answer) { answer.body[150'000] ^= 1; });
  expect_thrown_away("org/model: transformer/diffusion_pytorch_model.bin: wrong sha256: expected " +
                     hub_.files.at(kBig).etag + ", got ");
}

TEST_F(DamagedDownload, WrongHashOfASmallFile) {
  hub_.tamper = [](const HttpCall& call, HttpAnswer& answer) {
    if (call.target.ends_with("/transformer/config.json")) answer.body = "[]";
  };
  expect_error(ErrorCode::kCorruptFile,
               "org/model: transformer/config.json: wrong git sha1: expected " +
                   hub_.files.at("transformer/config.json").etag + ", got ",
               [&] { pull(); });
  EXPECT_FALSE(fs::exists(incomplete("transformer/config.json")));
}

TEST_F(DamagedDownload, WrongHashAfterAResumedPartIsTriedOnceMoreOnly) {
  fs::create_directories(repository() / "blobs");
  write_file_atomically(incomplete(kBig), hub_.files.at(kBig).content.substr(0, 100'000));
  on_storage([](HttpAnswer& answer) { answer.body.back() ^= 1; });
  expect_thrown_away("wrong sha256");
}

TEST_F(DamagedDownload, TooShort) {
  on_storage([](HttpAnswer& answer) { answer.body.resize(299'999); });
  expect_thrown_away("wrong size: expected 300000 bytes, got 299999");
}

TEST_F(DamagedDownload, TooLong) {
  on_storage([](HttpAnswer& answer) { answer.body += "!"; });
  expect_thrown_away("wrong size: expected 300000 bytes, got 300001");
}

TEST_F(DamagedDownload, TooLongWithoutSayingSo) {
  on_storage([](HttpAnswer& answer) {
    answer.body += "!";
    answer.content_length = false;
  });
  expect_thrown_away("wrong size: expected 300000 bytes, got 300001 or more");
}

TEST_F(DamagedDownload, AnotherTotalThanAnnounced) {
  fs::create_directories(repository() / "blobs");
  write_file_atomically(incomplete(kBig), hub_.files.at(kBig).content.substr(0, 100'000));
  on_storage(
      [](HttpAnswer& answer) { answer.headers.back().second = "bytes 100000-299998/299999"; });
  expect_thrown_away("wrong size: expected 300000 bytes, got 299999");
}

TEST_F(DamagedDownload, AnotherSizeInTheHeaders) {
  on_endpoint_header("X-Linked-Size", "7");
  expect_thrown_away("wrong size: expected 300000 bytes, got 7");
}

TEST_F(DamagedDownload, AnotherEtagInTheHeaders) {
  on_endpoint_header("X-Linked-Etag", "\"" + std::string(64, 'c') + "\"");
  expect_thrown_away("wrong etag: expected " + hub_.files.at(kBig).etag + ", got " +
                     std::string(64, 'c'));
}

TEST_F(DamagedDownload, AnotherCommitInTheHeaders) {
  on_endpoint_header("X-Repo-Commit", std::string(40, 'd'));
  expect_error(ErrorCode::kCorruptFile, "wrong commit: expected 0123", [&] { pull(); });
  EXPECT_FALSE(fs::exists(snapshot() / "model_index.json"));
}

TEST_F(DamagedDownload, AFileThatIsGone) {
  on_storage([](HttpAnswer& answer) { answer = {.status = 404}; });
  expect_error(
      ErrorCode::kNotFound, "diffusion_pytorch_model.bin: not found at 127.0.0.1", [&] { pull(); });
}

}  // namespace
}  // namespace tessera::test
