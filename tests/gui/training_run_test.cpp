// Runs of a stand-in for the command line: it writes the files that a real run writes, and stops as
// a real one does.

#include <QComboBox>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLineEdit>
#include <QTest>
#include <fstream>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "gui/training_page.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using test::wait_until;
namespace fs = std::filesystem;

constexpr const char* kProgram = R"(#!/bin/bash
# tessera train STAGE --out DIR …
while (($#)); do
  case $1 in --out) out=$2; shift ;; --resume) resumed=1 ;; esac
  shift
done
mkdir -p "$out/samples"
echo '{"stage": "vqvae", "train": {"steps": 40}}' >"$out/config.json"
step=0
[[ ${resumed:-} ]] && step=$(grep -c step "$out/log.jsonl")
trap 'echo "stopped and saved after step $step"; exit 130' INT
while ((step < 40)); do
  ((++step))
  echo "{\"step\": $step, \"loss\": $((100 - step)), \"bad\": null}" >>"$out/log.jsonl"
  sleep 0.1
done
echo done
)";

class TrainingRunTest : public ::testing::Test {
 protected:
  TrainingRunTest() {
    program_ = folder_.path() / "tessera";
    write_file_atomically(program_, kProgram);
    fs::permissions(program_, fs::perms::owner_all);
  }
  QString program() const { return QString::fromStdString(program_.string()); }

  test::TemporaryFolder folder_;
  fs::path program_;
};

TEST_F(TrainingRunTest, StartsPausesAndResumes) {
  const fs::path place = folder_.path() / "runs" / "mine";
  TrainingRun run(program(), place);
  EXPECT_EQ(run.state(), TrainingRun::State::kNone);
  run.start({.name = "mine", .stage = "vqvae"});
  ASSERT_TRUE(wait_until([&] { return run.step() >= 3; }));
  EXPECT_EQ(run.state(), TrainingRun::State::kRunning);
  EXPECT_EQ(run.steps(), 40);
  EXPECT_EQ(run.series().at("loss").front(), QPointF(1, 99));
  EXPECT_EQ(run.series().count("bad"), 0u);
  {
    // Another window sees the same run, and may close without ending it.
    TrainingRun other(program(), place);
    EXPECT_EQ(other.state(), TrainingRun::State::kRunning);
  }
  run.pause();
  ASSERT_TRUE(wait_until([&] { return run.state() == TrainingRun::State::kStopped; }));
  EXPECT_TRUE(run.output().contains("saved after step"));
  run.look();
  const int stopped_at = run.step();
  run.resume();
  ASSERT_TRUE(wait_until([&] { return run.step() > stopped_at; }));
  EXPECT_EQ(run.state(), TrainingRun::State::kRunning);
  run.pause();
  ASSERT_TRUE(wait_until([&] { return run.state() == TrainingRun::State::kStopped; }));
}

TEST_F(TrainingRunTest, NeverBeginsOverAnotherRun) {
  const fs::path place = folder_.path() / "runs" / "mine";
  fs::create_directories(place);
  write_file_atomically(place / "config.json", "{}");
  TrainingRun run(program(), place);
  EXPECT_THROW(run.start({.name = "mine", .stage = "vqvae"}), Error);
}

TEST_F(TrainingRunTest, AProcessOfAnotherProgramIsNoRun) {
  const fs::path place = folder_.path() / "runs" / "old";
  fs::create_directories(place);
  write_file_atomically(place / "process.json", "{\"pid\": 1}");
  EXPECT_EQ(TrainingRun(program(), place).state(), TrainingRun::State::kStopped)
      << "the number belongs to somebody else by now";
}

TEST_F(TrainingRunTest, AHalfWrittenLineIsReadWhenItIsWhole) {
  const fs::path place = folder_.path() / "run";
  fs::create_directories(place);
  std::ofstream log(place / "log.jsonl");
  log << "{\"step\": 1, \"loss\": 5}\n{\"step\": 2, \"lo" << std::flush;
  TrainingRun run(program(), place);
  EXPECT_EQ(run.step(), 1);
  log << "ss\": 4}\n" << std::flush;
  run.look();
  EXPECT_EQ(run.step(), 2);
  EXPECT_EQ(run.series().at("loss").size(), 2u);
}

TEST_F(TrainingRunTest, TheConfigurationSaysWhatWasChosen) {
  const auto json = [](const TrainingPlan& plan) {
    return QJsonDocument::fromJson(configuration_of(plan)).object();
  };
  const QJsonObject codec = json({.name = "c", .stage = "vqvae", .resolution = 32, .steps = 50});
  EXPECT_EQ(codec["model"]["resolution"].toInt(), 32);
  EXPECT_EQ(codec["train"]["steps"].toInt(), 50);
  const QJsonObject denoiser =
      json({.name = "d", .stage = "diffusion", .vqvae = "runs/c", .tokenizer = "runs/t"});
  EXPECT_EQ(denoiser["model"]["vqvae"].toString(), "runs/c");
  EXPECT_TRUE(configuration_of({.stage = "tokenizer"}).isEmpty());
  const QJsonObject gaussian = json({.stage = "ddpm", .resolution = 128, .vqvae = "runs/c"});
  EXPECT_EQ(gaussian["data"].toObject()["resolution"].toInt(), 128);
  EXPECT_EQ(gaussian["model"].toObject()["unet"].toObject()["condition"].toString(), "text");
  const QJsonObject judge = json({.stage = "clip", .resolution = 64, .tokenizer = "runs/t"});
  EXPECT_EQ(judge["model"].toObject()["vision"].toObject()["patch"].toInt(), 8);
  EXPECT_FALSE(judge["train"].toObject().contains("sample_every")) << "it draws nothing";
}

TEST_F(TrainingRunTest, ADenoiserHasTheSideOfItsCodec) {
  const fs::path runs = folder_.path() / "runs";
  fs::create_directories(runs / "codec" / "model" / "vqvae");
  write_file_atomically(runs / "codec" / "config.json", R"({"stage": "vqvae"})");
  write_file_atomically(runs / "codec" / "model" / "vqvae" / "config.json",
                        R"({"resolution": 96})");
  EXPECT_EQ(side_of_codec(runs / "codec"), 96);
  EXPECT_EQ(side_of_codec(runs / "codec" / "model"), 96);
  EXPECT_EQ(side_of_codec(runs / "codec" / "model" / "vqvae"), 96);
  EXPECT_EQ(side_of_codec(runs), 0);
  TrainingPage page(program(), runs);
  auto* stage = page.findChild<QComboBox*>("stage");
  EXPECT_EQ(page.plan().name, "my-codec");
  EXPECT_EQ(page.plan().resolution, 64);
  stage->setCurrentIndex(stage->findData("ddpm"));
  EXPECT_EQ(page.plan().resolution, 96);
  EXPECT_EQ(page.plan().name, "my-denoiser");
  fs::create_directories(runs / "my-denoiser");
  stage->setCurrentIndex(stage->findData("diffusion"));
  EXPECT_EQ(page.plan().name, "my-denoiser-2") << "never a name that is taken";
  auto* name = page.findChild<QLineEdit*>("name");
  name->clear();
  QTest::keyClicks(name, "mine");
  stage->setCurrentIndex(stage->findData("clip"));
  EXPECT_EQ(page.plan().name, "mine") << "nor another than somebody wrote";
}

TEST_F(TrainingRunTest, ThePageStartsARunAndFindsItAgain) {
  const fs::path runs = folder_.path() / "runs";
  {
    TrainingPage page(program(), runs);
    page.start();
    ASSERT_NE(page.run(), nullptr);
    ASSERT_TRUE(wait_until([&] { return page.run()->step() >= 2; }));
    page.grab();
  }
  ASSERT_EQ(list_runs(runs).size(), 1u);
  TrainingRun again(program(), list_runs(runs).front());
  EXPECT_EQ(again.state(), TrainingRun::State::kRunning) << "it goes on without the window";
  again.pause();
  EXPECT_TRUE(wait_until([&] { return again.state() == TrainingRun::State::kStopped; }));
}

}  // namespace
}  // namespace tessera::gui
