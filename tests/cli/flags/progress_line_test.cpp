#include "cli/flags/progress_line.h"

#include <cmath>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/flags/bytes_text.h"

namespace tessera::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Progress at(std::int64_t step, double seconds, double value = NAN) {
  return {.stage = "train", .step = step, .total = 20, .seconds = seconds, .value = value};
}

TEST(ProgressText, LooksLikeTheFamiliarBar) {
  EXPECT_EQ(progress_text(at(12, 43.92, 1.25), at(0, 0), {.width = 100}),
            "train |============>       | 12/20 - 3.66s/it, 1.25, 0:29 left");
  EXPECT_EQ(progress_text(at(20, 2), at(0, 0), {.width = 100}),
            "train |====================| 20/20 - 10.0it/s");
}

TEST(ProgressText, AResumedRunShowsItsOwnSpeed) {
  EXPECT_THAT(progress_text(at(12, 4), at(10, 0), {.width = 100}), HasSubstr("2.00s/it"));
  EXPECT_THAT(progress_text(at(10, 0), at(10, 0), {.width = 100}), Not(HasSubstr("/it")));
}

TEST(ProgressText, AnUnknownTotalHasNoBar) {
  EXPECT_EQ(progress_text({.stage = "pack", .step = 7, .value = NAN}, {}, {.width = 100}),
            "pack 7");
}

TEST(ProgressText, HoursAndNotes) {
  Progress progress = at(1, 4000);
  progress.note = "9 samples/s";
  EXPECT_THAT(progress_text(progress, at(0, 0), {.width = 100}),
              HasSubstr("9 samples/s, 21:06:40 left"));
}

TEST(ProgressText, BytesAreToldInUnits) {
  const Progress first{.stage = "pull", .total = 5'440'000'000, .unit = ProgressUnit::kBytes};
  Progress now = first;
  now.step = 1'360'000'000;
  now.seconds = 10;
  now.note = "file 3 of 9";
  EXPECT_EQ(progress_text(now, first, {.width = 100}),
            "pull |=====>              | 1.36 GB/5.44 GB - 136 MB/s, file 3 of 9, 0:30 left");
}

TEST(BytesText, ThreeDigits) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.00 kB");
  EXPECT_EQ(bytes_text(12'345), "12.3 kB");
  EXPECT_EQ(bytes_text(999'700), "1.00 MB") << "not 1000 kB";
  EXPECT_EQ(bytes_text(126e6), "126 MB");
  EXPECT_EQ(bytes_text(5e15), "5000 TB");
}

TEST(ProgressText, IsCutToTheTerminalOnly) {
  EXPECT_EQ(progress_text(at(12, 43), at(0, 0), {.redraw = true, .width = 30}).size(), 29u);
  EXPECT_GT(progress_text(at(12, 43), at(0, 0), {.redraw = false, .width = 30}).size(), 30u);
}

TEST(ProgressLine, WithoutATerminalThereIsALineNowAndThen) {
  std::ostringstream out;
  ProgressLine line(out, {.redraw = false, .every_seconds = 10});
  for (int step = 0; step <= 20; ++step) line.show(at(step, step * 4.0));
  line.finish();
  const std::string text = out.str();
  // At 12 s, 24 s, … 72 s and at the end.
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(text, HasSubstr("20/20"));
}

TEST(ProgressLine, OnATerminalOneLineIsRedrawn) {
  std::ostringstream out;
  {
    ProgressLine line(out, {.redraw = true, .redraw_seconds = 0});
    for (int step = 0; step <= 20; ++step) line.show(at(step, step));
  }
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\r'), 21);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\033[36m")));
}

TEST(ProgressLine, ColoursTheBarOnlyWhenAllowed) {
  std::ostringstream out;
  ProgressLine line(out, {.redraw = true, .colour = true});
  line.show(at(1, 1));
  EXPECT_THAT(out.str(), HasSubstr("\033[36m|"));
}

TEST(ProgressStyle, HonoursNoColorAndDumbTerminals) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(ProgressStyle::for_stderr().colour);
  unsetenv("NO_COLOR");
  const char* before = getenv("TERM");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(ProgressStyle::for_stderr().redraw);
  setenv("TERM", kept.c_str(), 1);
}

}  // namespace
}  // namespace tessera::cli
