// What happens when a download is cut: by the connection, the server, the user, the disk.
#include <atomic>
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/hub/hub_fixture.h"
#include "tests/support/expect_error.h"

namespace tessera::test {
namespace {

namespace fs = std::filesystem;

class Resume : public HubTest {
 protected:
  /// The answers of the big file's content, numbered from 0, before they are sent.
  void on_content(std::function<void(int number, HttpAnswer& answer)> change) {
    hub_.tamper = [this, change, number = 0](const HttpCall& call, HttpAnswer& answer) mutable {
      if (call.target == std::string("/storage/") + kBig) change(number++, answer);
    };
  }
  /// The unfinished file as an earlier run left it.
  void leave_part(const std::string& bytes) {
    fs::create_directories(repository() / "blobs");
    write_file_atomically(incomplete(kBig), bytes);
  }
  std::string content() const { return hub_.files.at(kBig).content; }
};

TEST_F(Resume, ABrokenConnectionGoesOnWhereItBroke) {
  on_content([](int number, HttpAnswer& answer) {
    if (number < 3) answer.break_after = 70'000;
  });
  pull();
  expect_whole();
  EXPECT_EQ(hub_.content_calls(kBig), 4u);
  EXPECT_EQ(hub_.storage.body_bytes(), 300'000u) << "no byte was sent twice";
  const auto calls = hub_.storage.calls();
  EXPECT_EQ(calls[1].header("range"), "bytes=70000-");
  EXPECT_EQ(calls[1].header("if-range"), "\"of this server " + hub_.files.at(kBig).etag + "\"");
}

TEST_F(Resume, ALaterRunFetchesOnlyTheRest) {
  leave_part(content().substr(0, 250'000));
  EXPECT_EQ(hub::plan_pull(request_, settings_, {}).missing(),
            50'000u + 2 + hub_.files.at("model_index.json").content.size());
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.body_bytes(), 50'000u);
}

TEST_F(Resume, AWholePartNeedsNoRequest) {
  leave_part(content());
  pull();
  expect_whole();
  EXPECT_TRUE(hub_.storage.calls().empty());
}

TEST_F(Resume, AServerWithoutRangesStartsOver) {
  hub_.ranges = false;
  leave_part(content().substr(0, 250'000));
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.body_bytes(), 300'000u);
}

TEST_F(Resume, AServerThatChangedStartsOver) {
  on_content([](int number, HttpAnswer& answer) {
    if (number == 0) {
      answer.break_after = 70'000;
      answer.headers[0].second = "\"an older etag\"";  // which If-Range will name
    }
  });
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.body_bytes(), 370'000u);
}

TEST_F(Resume, APartOfSomethingElseIsFetchedAnewOnce) {
  leave_part(bytes_of(250'000, 77));
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.body_bytes(), 50'000u + 300'000u);
}

TEST_F(Resume, APartThatIsTooLongIsFetchedAnew) {
  leave_part(content() + "more");
  pull();
  expect_whole();
}

TEST_F(Resume, ARangeThatIsRefusedStartsOver) {
  leave_part(content().substr(0, 250'000));
  on_content([](int number, HttpAnswer& answer) {
    if (number == 0) answer = {.status = 416};
  });
  pull();
  expect_whole();
}

TEST_F(Resume, AnotherRangeThanAskedForStartsOver) {
  leave_part(content().substr(0, 250'000));
  on_content([](int number, HttpAnswer& answer) {
    if (number == 0) answer.headers.back().second = "bytes 240000-299999/300000";
  });
  pull();
  expect_whole();
}

TEST_F(Resume, BusyAndBrokenServersAreAskedAgain) {
  on_content([](int number, HttpAnswer& answer) {
    constexpr int kStatus[] = {500, 503, 429};
    if (number < 3) answer = {.status = kStatus[number]};
  });
  pull();
  expect_whole();
  EXPECT_EQ(hub_.content_calls(kBig), 4u);
}

TEST_F(Resume, RetryAfterIsHonoured) {
  on_content([](int number, HttpAnswer& answer) {
    if (number == 0) answer = {.status = 429, .headers = {{"Retry-After", "1"}}};
  });
  const auto begin = std::chrono::steady_clock::now();
  pull();
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(950));
  expect_whole();
}

TEST_F(Resume, APauseThatIsTooLongIsToldInstead) {
  on_content([](int, HttpAnswer& answer) {
    answer = {.status = 429, .headers = {{"Retry-After", "3600"}}};
  });
  expect_error(ErrorCode::kIo, "asks to wait 3600 s", [&] { pull(); });
}

TEST_F(Resume, AServerThatStaysBrokenIsGivenUp) {
  on_content([](int, HttpAnswer& answer) { answer.break_after = 0; });
  expect_error(
      ErrorCode::kIo, "org/model: transformer/diffusion_pytorch_model.bin: ", [&] { pull(); });
  EXPECT_EQ(hub_.content_calls(kBig), 4u) << "settings_.attempts";
  EXPECT_FALSE(fs::exists(snapshot() / kBig));
  EXPECT_TRUE(fs::exists(snapshot() / "model_index.json")) << "what is whole stays";
  EXPECT_FALSE(fs::exists(repository() / "refs/main")) << "the model is not whole";
}

TEST_F(Resume, AnEndWithoutALengthIsNotTakenForTheEnd) {
  on_content([](int number, HttpAnswer& answer) {
    answer.content_length = false;
    if (number == 0) answer.break_after = 100'000;
  });
  pull();
  expect_whole();
}

TEST_F(Resume, AStalledConnectionIsBroken) {
  on_content([](int number, HttpAnswer& answer) {
    if (number > 0) return;
    answer.piece = 100'000;
    answer.pause = std::chrono::milliseconds(2500);
  });
  const auto begin = std::chrono::steady_clock::now();
  pull();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(2400));
  expect_whole();
}

TEST_F(Resume, TheListIsAskedForAgainToo) {
  std::atomic<int> asked = 0;
  hub_.tamper = [&](const HttpCall& call, HttpAnswer& answer) {
    if (call.target.starts_with("/api/") && asked++ < 2) answer = {.status = 502};
  };
  pull();
  expect_whole();
}

TEST_F(Resume, AStopKeepsThePart) {
  std::stop_source stop;
  on_content([](int number, HttpAnswer& answer) {
    answer.piece = 10'000;
    answer.pause = std::chrono::milliseconds(number == 0 ? 20 : 0);
  });
  progress_ = [&](const Progress& progress) {
    if (progress.step > 100'000) stop.request_stop();
  };
  expect_error(ErrorCode::kCancelled, "stopped", [&] { pull(stop.get_token()); });
  const auto kept = fs::file_size(incomplete(kBig));
  EXPECT_GT(kept, 50'000u);
  EXPECT_LT(kept, 300'000u);
  EXPECT_FALSE(fs::exists(fs::symlink_status(snapshot() / kBig)));
  progress_ = {};
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.calls().back().header("range"), "bytes=" + std::to_string(kept) + "-");
}

TEST_F(Resume, AStopEndsWaitingAtOnce) {
  settings_.first_wait = 100;
  settings_.longest_wait = 100;
  on_content([](int, HttpAnswer& answer) { answer = {.status = 503}; });
  std::stop_source stop;
  progress_ = [&](const Progress& progress) {
    if (progress.note.find("again in 100 s") != std::string::npos) stop.request_stop();
  };
  const auto begin = std::chrono::steady_clock::now();
  expect_error(ErrorCode::kCancelled, "stopped", [&] { pull(stop.get_token()); });
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(Resume, AStopEndsWaitingForAnotherProgram) {
  pull();
  fs::remove(blob(kBig));
  const std::string lock =
      cache() / ".locks/models--org--model" / (hub_.files.at(kBig).etag + ".lock");
  const int held = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  std::stop_source stop;
  std::string note;
  progress_ = [&](const Progress& progress) {
    note = progress.note;
    if (note.find("another program") != std::string::npos) stop.request_stop();
  };
  expect_error(ErrorCode::kCancelled, "stopped", [&] { pull(stop.get_token()); });
  ::close(held);
  progress_ = {};
  pull();
  expect_whole();
}

TEST_F(Resume, ADiskThatIsTooSmallIsToldBefore) {
  hub_.listing = R"({"sha": ")" + std::string(FakeHub::kCommit) +
                 R"(", "siblings": [{"rfilename": "a.bin", "lfs": {"size": 1125899906842623,)"
                 R"( "sha256": ")" +
                 std::string(64, 'a') + R"("}}]})";
  expect_error(ErrorCode::kIo, "not enough space: 1.13 PB", [&] { pull(); });
  EXPECT_EQ(hub_.endpoint.calls().size(), 1u);
}

TEST_F(Resume, ADiskThatFillsUpKeepsThePart) {
  struct sigaction ignore = {};
  struct sigaction before = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGXFSZ, &ignore, &before);
  rlimit unlimited = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  rlimit small = unlimited;
  small.rlim_cur = 100'000;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_error(ErrorCode::kIo, "incomplete: cannot write: File too large", [&] { pull(); });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  ::sigaction(SIGXFSZ, &before, nullptr);
  EXPECT_EQ(fs::file_size(incomplete(kBig)), 100'000u);
  pull();
  expect_whole();
  EXPECT_EQ(hub_.storage.calls().back().header("range"), "bytes=100000-");
}

TEST_F(Resume, ACacheThatCannotBeMadeIsOneLine) {
  folder_.write("cache", "a file");
  expect_error(ErrorCode::kIo, "cache", [&] { pull(); });
}

TEST_F(Resume, ALinkInThePlaceOfThePartIsNotFollowed) {
  fs::create_directories(repository() / "blobs");
  const fs::path outside = folder_.write("outside", "precious");
  fs::create_symlink(outside, incomplete(kBig));
  expect_error(ErrorCode::kIo, "cannot open", [&] { pull(); });
  EXPECT_EQ(read_file(outside), "precious");
}

}  // namespace
}  // namespace tessera::test
