#include "engine/history/history.h"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::history {
namespace {

using test::expect_error;
using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

Entry entry(const std::string& prompt, std::int64_t time) {
  return {.time = time,
          .file = "/pictures/" + std::to_string(time) + ".png",
          .prompt = prompt,
          .record = R"({"prompt": "x"})",
          .model = "starter",
          .seed = "18446744073709551615",
          .width = 64,
          .height = 48,
          .thumbnail = {1, 0, 2}};
}

TEST(History, GivesBackWhatWasAddedNewestFirst) {
  const TemporaryFolder folder;
  std::int64_t second = 0;
  {
    History history(folder.path() / "new" / "history.sqlite");
    const std::int64_t first = history.add(entry("a red apple", 10));
    second = history.add(entry("a blue fish", 20));
    const std::int64_t third = history.add(entry("a green car", 20));
    EXPECT_THAT(history.ids({}), ElementsAre(third, second, first));
  }
  const History again(folder.path() / "new" / "history.sqlite");
  const auto found = again.find(second);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->prompt, "a blue fish");
  EXPECT_EQ(found->file, "/pictures/20.png");
  EXPECT_EQ(found->seed, "18446744073709551615");
  EXPECT_EQ(found->width, 64);
  EXPECT_EQ(found->height, 48);
  EXPECT_FALSE(found->favourite);
  EXPECT_THAT(found->thumbnail, ElementsAre(1, 0, 2));
  EXPECT_FALSE(again.find(999));
}

TEST(History, FindsByWordsFavouriteAndModel) {
  const TemporaryFolder folder;
  History history(folder.path() / "history.sqlite");
  const std::int64_t apple = history.add(entry("a red Apple", 1));
  const std::int64_t percent = history.add(entry("100% apple_pie", 2));
  const std::int64_t chinese = history.add(entry("蓝色的鱼和苹果", 3));
  EXPECT_THAT(history.ids({.words = "APPLE"}), ElementsAre(percent, apple));
  EXPECT_THAT(history.ids({.words = " apple  red "}), ElementsAre(apple));
  EXPECT_THAT(history.ids({.words = "0%"}), ElementsAre(percent)) << "no wildcard";
  EXPECT_THAT(history.ids({.words = "e_p"}), ElementsAre(percent)) << "no wildcard";
  EXPECT_THAT(history.ids({.words = "苹果"}), ElementsAre(chinese));
  EXPECT_THAT(history.ids({.words = "'; DROP TABLE picture; --"}), IsEmpty());
  history.set_favourite(apple, true);
  EXPECT_THAT(history.ids({.favourites = true}), ElementsAre(apple));
  EXPECT_EQ(history.count({.model = "starter"}), 3);
  EXPECT_EQ(history.count({.model = "other"}), 0);
  history.remove({apple, chinese});
  EXPECT_THAT(history.ids({}), ElementsAre(percent));
}

TEST(History, ListsPromptsOnceNewestFirst) {
  const TemporaryFolder folder;
  History history(folder.path() / "history.sqlite");
  for (const auto& [prompt, time] : std::vector<std::pair<std::string, std::int64_t>>{
           {"one", 1}, {"two", 2}, {"one", 3}, {"", 4}, {"three", 0}}) {
    history.add(entry(prompt, time));
  }
  EXPECT_THAT(history.prompts(10), ElementsAre("one", "two", "three"));
  EXPECT_THAT(history.prompts(1), ElementsAre("one"));
  EXPECT_THAT(history.models(), ElementsAre("starter"));
}

TEST(History, KeepsStarredPromptsWithoutTheirPictures) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  {
    History history(file);
    for (const char* prompt : {"one", "ein roter Apfel 🍎", "one", "two"}) {
      history.star_prompt(prompt);
    }
    history.unstar_prompt("never starred");
  }
  History again(file);
  EXPECT_THAT(again.starred_prompts(), ElementsAre("two", "one", "ein roter Apfel 🍎"));
  again.unstar_prompt("one");
  EXPECT_THAT(again.starred_prompts(), ElementsAre("two", "ein roter Apfel 🍎"));
}

/// A file as version 1 wrote it: its pictures and jobs are all there afterwards.
TEST(History, BringsUpAFileOfTheFirstVersion) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  {
    History history(file);
    history.add(entry("a red apple", 1));
    history.save_jobs({"{1}"});
    Database(file).execute("DROP TABLE starred_prompt; PRAGMA user_version = 1");
  }
  History history(file);
  EXPECT_EQ(history.count({}), 1);
  EXPECT_THAT(history.jobs(), ElementsAre("{1}"));
  history.star_prompt("new");
  EXPECT_THAT(History(file).starred_prompts(), ElementsAre("new"));
}

TEST(History, AFileThatAnotherHoldsIsToldApartAndCanStillBeRead) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  History history(file, std::chrono::milliseconds(20));
  history.add(entry("kept", 1));
  Database other(file);
  other.execute("BEGIN EXCLUSIVE");
  EXPECT_THROW(history.add(entry("too soon", 2)), Locked);
  EXPECT_THROW(history.save_jobs({"{}"}), Locked);
  EXPECT_EQ(history.count({}), 1) << "reading waits for nobody";
  EXPECT_EQ(History(file, std::chrono::milliseconds(20)).count({}), 1) << "nor does opening";
  other.execute("ROLLBACK");
  history.add(entry("now", 2));
  EXPECT_EQ(history.count({}), 2);
}

TEST(History, KeepsWaitingJobsInOrder) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  {
    History history(file);
    history.save_jobs({"{1}", "{2}"});
    history.save_jobs({"{2}", "{3}", "{1}"});
  }
  EXPECT_THAT(History(file).jobs(), ElementsAre("{2}", "{3}", "{1}"));
}

TEST(History, TwoInstancesWriteToOneFile) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  History mine(file);
  const auto write = [&] {
    History other(file);
    for (int k = 0; k < 50; ++k) other.add(entry("theirs", k));
  };
  std::thread other(write);
  for (int k = 0; k < 50; ++k) mine.add(entry("mine", k));
  other.join();
  EXPECT_EQ(mine.count({}), 100);
  EXPECT_TRUE(mine.changed_elsewhere());
  EXPECT_FALSE(mine.changed_elsewhere());
  mine.add(entry("mine", 100));
  EXPECT_FALSE(mine.changed_elsewhere()) << "one's own writing is no news";
}

TEST(History, ADamagedFileIsPutAsideAndNothingIsLost) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  write_file_atomically(file, "This is no database, but somebody's only copy of a poem.");
  expect_error(ErrorCode::kCorruptFile, "history.sqlite", [&] { History{file}; });
  const OpenedHistory opened = open_or_put_aside(file);
  EXPECT_EQ(opened.put_aside, file.string() + ".damaged-1");
  EXPECT_THAT(read_file(opened.put_aside), ::testing::HasSubstr("poem"));
  opened.history->add(entry("a red apple", 1));
  EXPECT_EQ(History(file).count({}), 1);
  EXPECT_TRUE(open_or_put_aside(file).put_aside.empty());
}

TEST(History, PagesOfADamagedFileAreNoticed) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  {
    History history(file);
    for (int k = 0; k < 2000; ++k) history.add(entry("a red apple", k));
  }
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    const std::string rubbish(3000, '\xA5');
    for (const std::streamoff at : {8192, 20480, 40960}) {
      bytes.seekp(at);
      bytes.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
    }
  }
  expect_error(ErrorCode::kCorruptFile, "history.sqlite", [&] { History{file}; });
}

TEST(History, TellsWhatCannotBeOpened) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::kIo, "folder", [&] {
    fs::create_directories(folder.path() / "folder");
    History{folder.path() / "folder"};
  });
  const fs::path newer = folder.path() / "newer.sqlite";
  Database(newer).execute("PRAGMA user_version = 7");
  expect_error(ErrorCode::kInvalidArgument, "version 7", [&] { History{newer}; });
}

TEST(History, AFullDiskIsAnErrorAndLosesNothing) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  History history(file);
  history.add(entry("kept", 1));
  Database limited(file);
  limited.execute("PRAGMA max_page_count = 8");
  Statement insert(limited.handle(),
                   "INSERT INTO picture (time, file, prompt, record, model, seed, width, height, "
                   "thumbnail) VALUES (1, '', ?, '', '', '', 1, 1, x'')");
  const std::string large(1 << 16, 'x');
  expect_error(ErrorCode::kIo, "full", [&] { insert.bind(1, large).run(); });
  EXPECT_EQ(history.count({}), 1);
}

TEST(History, TenThousandEntriesAreListedAndSearchedAtOnce) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "history.sqlite";
  History history(file);
  Database fast(file);
  Transaction filling(fast);
  Statement insert(fast.handle(),
                   "INSERT INTO picture (time, file, prompt, record, model, seed, width, height, "
                   "thumbnail) VALUES (?, 'f', ?, '{}', 'm', '1', 1, 1, x'00')");
  for (std::int64_t k = 0; k < 10'000; ++k) {
    const std::string prompt = "picture number " + std::to_string(k);
    insert.bind(1, k).bind(2, prompt).run();
  }
  filling.commit();
  EXPECT_EQ(history.ids({}).size(), 10'000u);
  EXPECT_EQ(history.count({.words = "number 9999"}), 1);
  EXPECT_EQ(history.find(history.ids({.words = "number 9999"}).front())->time, 9999);
}

}  // namespace
}  // namespace tessera::history
