// The application without windows, around an engine that does as it is told.

#include "gui/studio.h"

#include <QSignalSpy>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "core/atomic_file.h"
#include "engine/image_files.h"
#include "tests/gui/staged_engine.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using test::wait_until;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// While it lives, this process can write no file at all, as on a full disk.
class FullDisk {
 public:
  FullDisk() {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

class StudioTest : public ::testing::Test {
 protected:
  std::unique_ptr<Studio> open() {
    auto studio = std::make_unique<Studio>(test::staged(stage_), paths_in(folder_.path()));
    studio->openModel({});
    return studio;
  }
  static engine::GenerateRequest asking(const std::string& prompt, std::int32_t count = 1) {
    return {.prompt = prompt, .count = count, .seed = 7, .preview_every = 1};
  }
  std::vector<std::string> waitingPrompts() {
    std::vector<std::string> prompts;
    for (const std::string& job : history::History(paths_in(folder_.path()).history).jobs()) {
      prompts.push_back(engine::request_from_json(job).prompt);
    }
    return prompts;
  }

  std::shared_ptr<test::Stage> stage_ = std::make_shared<test::Stage>();
  test::TemporaryFolder folder_;
};

TEST_F(StudioTest, DrawsStoresAndRemembers) {
  {
    const auto studio = open();
    const QSignalSpy ended(studio.get(), &Studio::jobEnded);
    studio->enqueue(asking("a red apple", 2));
    ASSERT_TRUE(wait_until([&] { return ended.size() == 1; }));
    EXPECT_EQ(studio->model().name, "staged");
    EXPECT_EQ(studio->film().size(), 4);
    EXPECT_EQ(studio->film().frame(1).tokens.cells, (std::vector<std::int32_t>{0, 1, -1, -1}));
  }
  const auto again = open();
  const auto ids = again->history().ids({});
  ASSERT_EQ(ids.size(), 2u);
  const auto entry = again->history().find(ids.front());
  EXPECT_EQ(entry->prompt, "a red apple");
  EXPECT_EQ(entry->seed, "8");
  EXPECT_EQ(engine::read_image(entry->file).pixels.front(), 8);
  EXPECT_THAT(engine::read_texts(entry->file).at("tessera"), HasSubstr("a red apple"));
  EXPECT_FALSE(entry->thumbnail.empty());
}

TEST_F(StudioTest, WaitsForTheModelAndRunsInOrder) {
  const auto studio = open();
  std::vector<std::string> order;
  QObject::connect(studio.get(), &Studio::jobEnded, [&](const Job& job) {
    order.push_back(job.request.prompt);
  });
  studio->enqueue(asking("first"));
  studio->enqueue(asking("last"));
  studio->enqueueNext(asking("before"));
  ASSERT_TRUE(wait_until([&] { return order.size() == 3; }));
  EXPECT_THAT(order, ElementsAre("before", "first", "last"))
      << "nothing ran before the model was open";
}

TEST_F(StudioTest, CancelsBetweenStepsAndGoesOnWithTheNext) {
  stage_->hold = true;
  const auto studio = open();
  std::vector<JobState> states;
  QObject::connect(
      studio.get(), &Studio::jobEnded, [&](const Job& job) { states.push_back(job.state); });
  studio->enqueue(asking("held", 3));
  ASSERT_TRUE(wait_until([&] { return studio->queue().running().has_value(); }));
  studio->enqueue(asking("next"));
  QElapsedTimer clock;
  clock.start();
  studio->cancelRunning();  // perhaps before the worker has begun
  ASSERT_TRUE(wait_until([&] { return states.size() == 1; }));
  EXPECT_LT(clock.elapsed(), 2000);
  EXPECT_EQ(states.front(), JobState::kCancelled);
  stage_->hold = false;
  ASSERT_TRUE(wait_until([&] { return states.size() == 2; }));
  EXPECT_EQ(states.back(), JobState::kFinished);
  EXPECT_EQ(studio->history().count({}), 1);
}

TEST_F(StudioTest, AFailureIsToldInPlainWordsAndTheNextJobRuns) {
  const auto studio = open();
  std::vector<Job> ended;
  QObject::connect(studio.get(), &Studio::jobEnded, [&](const Job& job) { ended.push_back(job); });
  for (const char* prompt : {"refuse", "break", "no memory", "fine"})
    studio->enqueue(asking(prompt));
  ASSERT_TRUE(wait_until([&] { return ended.size() == 4; }));
  EXPECT_THAT(ended[0].message.toStdString(), HasSubstr("refused\nChange the setting"));
  EXPECT_THAT(ended[1].message.toStdString(), HasSubstr("report"));
  EXPECT_THAT(ended[2].message.toStdString(), HasSubstr("not enough memory"));
  EXPECT_EQ(ended[3].state, JobState::kFinished);
}

TEST_F(StudioTest, JobsThatWaitedAreOfferedAgain) {
  {
    stage_->hold = true;
    const auto studio = open();
    studio->enqueue(asking("running"));
    studio->enqueue(asking("waiting"));
    engine::GenerateRequest edit = asking("from a picture");
    edit.start = engine::Image{.width = 1, .height = 1, .pixels = {1, 2, 3}};
    studio->enqueue(edit);
    ASSERT_TRUE(wait_until([&] { return studio->queue().running().has_value(); }));
    wait_until([&] { return waitingPrompts().size() == 2; });
  }
  EXPECT_THAT(waitingPrompts(), ElementsAre("running", "waiting")) << "a crash loses neither";
  stage_->hold = false;
  const auto studio = open();
  EXPECT_EQ(studio->jobsLeft(), 2);
  EXPECT_EQ(studio->queue().rowCount(), 0) << "not without being asked";
  const QSignalSpy ended(studio.get(), &Studio::jobEnded);
  studio->enqueue(asking("new"));
  studio->resumeJobs();
  ASSERT_TRUE(wait_until([&] { return ended.size() == 3; }));
  EXPECT_TRUE(wait_until([&] { return waitingPrompts().empty(); }));
}

TEST_F(StudioTest, ACrashLosesNoSeed) {
  stage_->hold = true;
  const auto studio = open();
  studio->enqueue({.prompt = "drawn by chance"});
  const auto saved = [&] {
    const auto jobs = history::History(paths_in(folder_.path()).history).jobs();
    return jobs.empty() ? engine::GenerateRequest{} : engine::request_from_json(jobs.front());
  };
  ASSERT_TRUE(wait_until([&] { return saved().seed.has_value(); }));
  EXPECT_EQ(saved().seed, 77u) << "what the picture would have been is known before it is drawn";
  EXPECT_EQ(saved().sampling.steps, 4);
}

TEST_F(StudioTest, AModelThatCannotBeOpenedIsToldAndAnotherMayBe) {
  auto studio = std::make_unique<Studio>(test::staged(stage_), paths_in(folder_.path()));
  QSignalSpy failed(studio.get(), &Studio::modelFailed);
  studio->openModel({.model = "missing"});
  ASSERT_TRUE(wait_until([&] { return failed.size() == 1; }));
  EXPECT_THAT(failed.front().front().toString().toStdString(),
              HasSubstr("no such model\nChoose another"));
  EXPECT_FALSE(studio->ready());
  studio->openModel({});
  EXPECT_TRUE(wait_until([&] { return studio->ready(); }));
}

TEST_F(StudioTest, ADamagedHistoryIsPutAsideAndTold) {
  write_file_atomically(paths_in(folder_.path()).history, "no database at all, of some length");
  const auto studio = open();
  EXPECT_THAT(studio->historyNote().toStdString(), HasSubstr("damaged-1"));
  const QSignalSpy ended(studio.get(), &Studio::jobEnded);
  studio->enqueue(asking("still works"));
  ASSERT_TRUE(wait_until([&] { return ended.size() == 1; }));
  EXPECT_EQ(studio->history().count({}), 1);
}

TEST_F(StudioTest, ADiskThatRefusesIsToldAndThePictureIsKeptUntilItYields) {
  const auto studio = open();
  const auto pictures = paths_in(folder_.path()).pictures;
  write_file_atomically(pictures, "a file where the folder should be");
  QString why;
  QObject::connect(studio.get(), &Studio::picturesHeldChanged, [&](int, const QString& message) {
    if (!message.isEmpty()) why = message;
  });
  const QSignalSpy ended(studio.get(), &Studio::jobEnded);
  studio->enqueue(asking("nowhere to go"));
  studio->enqueue(asking("begins when there is room"));
  ASSERT_TRUE(wait_until([&] { return studio->picturesHeld() == 1 && ended.size() == 1; }));
  EXPECT_THAT(why.toStdString(), HasSubstr("pictures"));
  EXPECT_EQ(studio->film().picture_at(3).size(), QSize(16, 16)) << "it is shown all the same";
  EXPECT_EQ(studio->history().count({}), 0);
  EXPECT_EQ(studio->queue().waiting(), 1) << "no more is drawn than can be kept";
  std::filesystem::remove(pictures);
  ASSERT_TRUE(wait_until([&] { return ended.size() == 2 && studio->picturesHeld() == 0; }));
  EXPECT_EQ(studio->history().count({}), 2);
  EXPECT_THAT(studio->history().prompts(2),
              ElementsAre("begins when there is room", "nowhere to go"));
}

TEST_F(StudioTest, AFullDiskLosesNothing) {
  const auto studio = open();
  ASSERT_TRUE(wait_until([&] { return studio->ready(); }));
  studio->enqueue(asking("there is room"));
  ASSERT_TRUE(wait_until([&] { return studio->history().count({}) == 1; }));
  QString held;
  QStringList told;
  QObject::connect(studio.get(), &Studio::picturesHeldChanged, [&](int, const QString& message) {
    if (!message.isEmpty()) held = message;
  });
  QObject::connect(studio.get(), &Studio::failed, [&](const QString& text) { told << text; });
  {
    const FullDisk full;
    studio->enqueue(asking("no room", 3));
    ASSERT_TRUE(wait_until([&] { return studio->picturesHeld() == 3; }));
    wait_until([&] { return !told.empty(); });
  }
  EXPECT_THAT(held.toStdString(), HasSubstr("Make room on the disk"));
  ASSERT_EQ(told.size(), 1) << "once, not at every try";
  EXPECT_THAT(told.front().toStdString(), HasSubstr("tried again by itself"));
  studio->keepHeld();
  ASSERT_TRUE(wait_until([&] { return studio->picturesHeld() == 0; }));
  const auto ids = studio->history().ids({});
  ASSERT_EQ(ids.size(), 4u);
  EXPECT_EQ(studio->history().find(ids.front())->seed, "9");
  for (const std::int64_t id : ids) {
    EXPECT_EQ(engine::read_image(studio->history().find(id)->file).width, 16);
  }
  EXPECT_TRUE(wait_until([&] { return waitingPrompts().empty(); }));
}

TEST_F(StudioTest, AHistoryThatAnotherProgramHoldsIsToldAndWrittenLater) {
  const auto studio = open();
  ASSERT_TRUE(wait_until([&] { return studio->ready(); }));
  QStringList told;
  QString recovered;
  QObject::connect(studio.get(), &Studio::failed, [&](const QString& text) { told << text; });
  QObject::connect(
      studio.get(), &Studio::recovered, [&](const QString& text) { recovered = text; });
  stage_->hold = true;
  studio->enqueue(asking("running"));
  ASSERT_TRUE(wait_until([&] { return studio->queue().running().has_value(); }));
  history::Database other(paths_in(folder_.path()).history);
  other.execute("BEGIN EXCLUSIVE");
  QElapsedTimer clock;
  clock.start();
  studio->enqueue(asking("held up"));
  ASSERT_TRUE(wait_until([&] { return !told.empty(); }));
  EXPECT_LT(clock.elapsed(), 2000) << "the window does not wait for others";
  EXPECT_THAT(told.front().toStdString(), HasSubstr("another program is writing to it"));
  constexpr qint64 kSettled = 1500;  // nothing else asks for the list to be saved by then
  wait_until([&] { return clock.elapsed() > kSettled; });
  other.execute("ROLLBACK");
  ASSERT_TRUE(wait_until([&] { return !recovered.isEmpty(); })) << "by itself";
  EXPECT_THAT(waitingPrompts(), ElementsAre("running", "held up"));

  other.execute("BEGIN EXCLUSIVE");
  stage_->hold = false;
  ASSERT_TRUE(wait_until([&] { return studio->film().size() == 4; }));
  EXPECT_EQ(studio->history().count({}), 0) << "reading goes on";
  other.execute("ROLLBACK");
  ASSERT_TRUE(wait_until([&] { return studio->history().count({}) == 2; }));
  EXPECT_TRUE(wait_until([&] { return waitingPrompts().empty(); }));
}

TEST_F(StudioTest, WhatIsStillHeldAtTheEndIsTriedOnceMore) {
  {
    const auto studio = open();
    const auto pictures = paths_in(folder_.path()).pictures;
    write_file_atomically(pictures, "a file where the folder should be");
    studio->enqueue(asking("late"));
    ASSERT_TRUE(wait_until([&] { return studio->picturesHeld() == 1; }));
    std::filesystem::remove(pictures);
  }
  EXPECT_EQ(history::History(paths_in(folder_.path()).history).count({}), 1);
}

TEST_F(StudioTest, PicturesGoWhereThePreferencesSay) {
  const auto studio = open();
  const auto elsewhere = folder_.path() / "else where";
  studio->setPreferences({.pictures = elsewhere,
                          .name = "{seed}/{model} {prompt}",
                          .settings_inside = false,
                          .preview_every = 0});
  studio->enqueue(asking("a red apple"));
  ASSERT_TRUE(wait_until([&] { return studio->history().count({}) == 1; }));
  const auto entry = studio->history().find(studio->history().ids({}).front());
  EXPECT_EQ(entry->file, elsewhere / "7" / "staged a-red-apple.png");
  EXPECT_TRUE(engine::read_texts(entry->file).empty()) << "nobody can read the prompt in it";
  EXPECT_THAT(entry->record, HasSubstr("a red apple")) << "the history knows it";
  EXPECT_TRUE(studio->film().frame(1).picture.isNull()) << "no picture on the way";
  EXPECT_EQ(stage_->opened, 1);
  studio->setPreferences({.name = kOwnPictureName, .device = "cpu", .threads = 2});
  EXPECT_TRUE(wait_until([&] { return stage_->opened == 2; })) << "another machine";
  EXPECT_EQ(studio->options().threads, 2);
}

TEST_F(StudioTest, FinishesThePictureAndDropsTheRest) {
  stage_->hold = true;
  const auto studio = open();
  std::vector<Job> ended;
  QObject::connect(studio.get(), &Studio::jobEnded, [&](const Job& job) { ended.push_back(job); });
  studio->enqueue(asking("many", 50));
  studio->enqueue(asking("next"));
  ASSERT_TRUE(wait_until([&] { return studio->queue().running().has_value(); }));
  stage_->milliseconds = 20;
  studio->finishPicture();
  stage_->hold = false;
  ASSERT_TRUE(wait_until([&] { return ended.size() == 2; }));
  EXPECT_EQ(ended.front().state, JobState::kCancelled);
  EXPECT_EQ(studio->history().count({.words = "many"}), 1);
  EXPECT_EQ(ended.back().state, JobState::kFinished) << "the jobs behind it are another matter";
}

TEST_F(StudioTest, ThePathsOfAModelHaveTheirOwnValuesAndTheGaussianNoTokens) {
  stage_->two_paths = true;
  const auto studio = open();
  ASSERT_TRUE(wait_until([&] { return studio->ready(); }));
  const ModelFacts& facts = studio->model();
  EXPECT_EQ(facts.paths, QStringList({"discrete", "gaussian"}));
  EXPECT_EQ(facts.sampling["discrete"].steps, 4);
  EXPECT_EQ(facts.sampling["gaussian"].steps, 3);
  EXPECT_EQ(facts.sampling["gaussian"].guidance, 5.5);
  EXPECT_EQ(facts.samplers["gaussian"], QStringList({"ddim", "dpm-solver++"}));
  engine::GenerateRequest request = asking("noise");
  request.sampling.path = "gaussian";
  QObject::connect(studio.get(), &Studio::filmChanged, studio.get(), &Studio::previewShown);
  studio->enqueue(request);
  ASSERT_TRUE(wait_until([&] { return studio->history().count({}) == 1; }));
  ASSERT_GE(studio->film().size(), 2)
      << "what the network believes the picture to be, and the last";
  EXPECT_EQ(studio->film().frame(studio->film().size() - 1).step, 3);
  for (int frame = 0; frame < studio->film().size(); ++frame) {
    EXPECT_TRUE(studio->film().frame(frame).tokens.cells.empty());
    EXPECT_FALSE(studio->film().picture_at(frame).isNull());
  }
}

TEST_F(StudioTest, ASlowWindowNeverSlowsTheDrawing) {
  const auto studio = open();
  int frames = 0;
  QObject::connect(studio.get(), &Studio::filmChanged, [&] { ++frames; });  // never previewShown()
  const QSignalSpy ended(studio.get(), &Studio::jobEnded);
  studio->enqueue(asking("many", 20));
  ASSERT_TRUE(wait_until([&] { return ended.size() == 1; }));
  int pictures = 0;
  for (int k = 0; k < studio->film().size(); ++k) {
    pictures += studio->film().frame(k).picture.isNull() ? 0 : 1;
  }
  EXPECT_EQ(pictures, 1) << "only the finished one: no preview was made after the first";
}

TEST_F(StudioTest, AnotherInstanceIsNoticed) {
  const auto studio = open();
  const QSignalSpy changed(studio.get(), &Studio::historyChanged);
  history::History(paths_in(folder_.path()).history).add({.prompt = "theirs"});
  EXPECT_TRUE(wait_until([&] { return changed.size() == 1; }));
}

TEST_F(StudioTest, TokenisesAPicture) {
  const auto studio = open();
  QSignalSpy seen(studio.get(), &Studio::tokenised);
  QImage picture(40, 20, QImage::Format_RGB888);
  picture.fill(Qt::red);
  studio->tokenise(picture);
  ASSERT_TRUE(wait_until([&] { return seen.size() == 1; }));
  const auto result = seen.front().front().value<Tokenised>();
  EXPECT_EQ(result.picture.size(), QSize(16, 16)) << "brought to the model's size";
  EXPECT_EQ(result.tokens.cells.size(), 4u);
  EXPECT_EQ(result.psnr, 42.0);
}

}  // namespace
}  // namespace tessera::gui
