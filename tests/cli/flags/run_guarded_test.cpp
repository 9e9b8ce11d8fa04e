#include "cli/flags/run_guarded.h"

#include <chrono>
#include <new>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "cli/flags/signals.h"
#include "core/error.h"

namespace tessera::cli {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

/// Exit code and what was said on stderr.
std::pair<int, std::string> guarded(const std::function<int(std::stop_token)>& body) {
  CaptureStderr();
  const int code = run_guarded(body);
  return {code, GetCapturedStderr()};
}

bool stops_within_a_second(const std::stop_token& stop) {
  for (int i = 0; i < 100 && !stop.stop_requested(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return stop.stop_requested();
}

TEST(RunGuarded, PassesTheBodysAnswerOn) {
  EXPECT_EQ(guarded([](std::stop_token) { return 0; }), std::pair(0, std::string()));
  EXPECT_EQ(guarded([](std::stop_token) { return 4; }), std::pair(4, std::string()));
}

TEST(RunGuarded, AnErrorIsOneLineAndItsCode) {
  const auto [code, text] =
      guarded([](std::stop_token) -> int { TESSERA_THROW(kNotFound, "model.bin: no such file"); });
  EXPECT_EQ(code, 3);
  EXPECT_EQ(text, "tessera: error: model.bin: no such file\n");
}

TEST(RunGuarded, ForeignExceptionsShowTheirFirstLineOnly) {
  const auto [code, text] = guarded([](std::stop_token) -> int {
    throw std::runtime_error("bad shape\nException raised from somewhere\nframe #0");
  });
  EXPECT_EQ(code, 1);
  EXPECT_EQ(text, "tessera: error: bad shape\n");
  EXPECT_EQ(guarded([](std::stop_token) -> int { throw std::bad_alloc(); }).second,
            "tessera: error: out of memory\n");
}

TEST(RunGuarded, TheFirstSignalStopsAndNamesItselfInTheCode) {
  for (const auto& [number, expected] : {std::pair{SIGINT, 130}, {SIGTERM, 143}}) {
    const auto [code, text] = guarded([signal_number = number](std::stop_token stop) {
      raise(signal_number);
      EXPECT_TRUE(stops_within_a_second(stop));
      return 0;
    });
    EXPECT_EQ(code, expected);
    EXPECT_EQ(text, "");
  }
}

TEST(RunGuarded, CancelledAfterASignalSaysNothing) {
  const auto [code, text] = guarded([](std::stop_token stop) -> int {
    raise(SIGTERM);
    stops_within_a_second(stop);
    TESSERA_THROW(kCancelled, "stopped after step 3");
  });
  EXPECT_EQ(code, 143);
  EXPECT_EQ(text, "");
}

TEST(RunGuarded, TheSecondSignalEndsAtOnce) {
  EXPECT_EXIT(run_guarded([](std::stop_token) {
                raise(SIGINT);
                raise(SIGINT);
                return 0;
              }),
              ::testing::ExitedWithCode(130),
              "");
}

TEST(SignalStop, OneAtATime) {
  const SignalStop one;
  EXPECT_THROW(SignalStop(), Error);
}

}  // namespace
}  // namespace tessera::cli
