// The page "Measure" with the real program and the shipped model.

#include "gui/evaluation_run.h"

#include <QFile>
#include <QJsonArray>
#include <QTableWidget>

#include <gtest/gtest.h>

#include "gui/evaluation_page.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using test::wait_until;

constexpr const char* kProgram = TESSERA_BINARY_DIR "/bin/tessera";
constexpr qint64 kMost = 110'000;  // ms: a real network, on a machine that does other things too
constexpr const char* kModel = TESSERA_SOURCE_DIR "/models/default";

struct Ending {
  bool ended = false;
  bool done = false;
  QString error{};
};

Ending watch(EvaluationRun& run, const EvaluationPlan& plan) {
  Ending ending;
  QObject::connect(&run, &EvaluationRun::ended, &run, [&](bool done, const QString& error) {
    ending = {.ended = true, .done = done, .error = error};
  });
  run.start(plan);
  wait_until([&] { return ending.ended; }, kMost);
  QObject::disconnect(&run, &EvaluationRun::ended, &run, nullptr);
  return ending;
}

TEST(EvaluationRun, PutsTwoModelsSideBySide) {
  const test::TemporaryFolder folder;
  EvaluationRun run(kProgram, folder.path() / "evaluation");
  const Ending ending = watch(run, {.a = kModel, .b = kModel, .count = 2, .seed = 1});
  ASSERT_TRUE(ending.done) << ending.error.toStdString();
  ASSERT_EQ(run.verdicts().size(), 2u);
  for (const PromptVerdict& verdict : run.verdicts()) {
    EXPECT_FALSE(verdict.prompt.isEmpty());
    EXPECT_TRUE(QFile::exists(verdict.picture_a));
    EXPECT_TRUE(QFile::exists(verdict.picture_b));
    EXPECT_EQ(verdict.right_a, verdict.right_b) << "it is the same model twice";
  }
  EXPECT_TRUE(QFile::exists(run.page()));
  for (const QJsonValue& metric : run.report()["metrics"].toArray()) {
    EXPECT_EQ(metric["difference"]["mean"].toDouble(), 0.0);
  }
}

TEST(EvaluationRun, OfOneModelHasScoresAndNoPage) {
  const test::TemporaryFolder folder;
  EvaluationPage page(kProgram, folder.path() / "evaluation");
  const Ending ending = watch(page.run(), {.a = kModel, .count = 2});
  ASSERT_TRUE(ending.done) << ending.error.toStdString();
  EXPECT_TRUE(page.run().page().isEmpty());
  ASSERT_GT(page.scores()->rowCount(), 0);
  EXPECT_EQ(page.scores()->item(0, 0)->text(), "whole_scene");
  EXPECT_EQ(page.prompts()->rowCount(), 2);
}

TEST(EvaluationRun, TellsWhatIsWrong) {
  const test::TemporaryFolder folder;
  EvaluationRun run(kProgram, folder.path() / "evaluation");
  const Ending missing = watch(run, {.a = "/nonexistent/model", .count = 2});
  EXPECT_TRUE(missing.ended);
  EXPECT_FALSE(missing.done);
  EXPECT_TRUE(missing.error.contains("/nonexistent/model")) << missing.error.toStdString();
  EvaluationRun none("/nonexistent/tessera", folder.path() / "evaluation");
  EXPECT_TRUE(watch(none, {.a = kModel, .count = 2}).error.contains("cannot be started"));
}

TEST(EvaluationRun, StopsAtOnce) {
  const test::TemporaryFolder folder;
  EvaluationRun run(kProgram, folder.path() / "evaluation");
  bool ended = false;
  QObject::connect(&run, &EvaluationRun::ended, &run, [&](bool done, const QString& error) {
    ended = true;
    EXPECT_FALSE(done);
    EXPECT_TRUE(error.isEmpty()) << error.toStdString();
  });
  run.start({.a = kModel, .count = 100'000});
  run.stop();
  EXPECT_TRUE(wait_until([&] { return ended; }, kMost));
  EXPECT_FALSE(run.running());
}

}  // namespace
}  // namespace tessera::gui
