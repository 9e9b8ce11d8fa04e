#include "gui/settings_panel.h"

#include <QComboBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>

#include <gtest/gtest.h>

#include "gui/prompt_edit.h"
#include "gui/seed_field.h"

namespace tessera::gui {
namespace {

ModelFacts two_paths() {
  ModelFacts facts{.name = "m",
                   .paths = {"discrete", "gaussian"},
                   .samplers = {{"discrete", {"ancestral", "confidence"}}, {"gaussian", {"ddim"}}},
                   .side = 64,
                   .cell = 8};
  facts.defaults.sampling = {
      .steps = 16, .sampler = "confidence", .guidance = 2.5, .truncation = "1"};
  return facts;
}

TEST(SettingsPanel, TakesTheModelsOwnValues) {
  SettingsPanel panel;
  EXPECT_FALSE(panel.findChild<QPushButton*>("generate")->isEnabled()) << "no model yet";
  panel.setModel(two_paths());
  EXPECT_TRUE(panel.findChild<QPushButton*>("generate")->isEnabled());
  const engine::GenerateRequest request = panel.request();
  EXPECT_EQ(request.sampling.steps, 16);
  EXPECT_EQ(request.sampling.sampler, "confidence");
  EXPECT_EQ(request.sampling.guidance, 2.5);
  EXPECT_EQ(request.sampling.path, "discrete");
  EXPECT_FALSE(request.seed) << "random";
}

TEST(SettingsPanel, ShowsTheSamplersOfThePath) {
  SettingsPanel panel;
  panel.setModel(two_paths());
  panel.findChild<QComboBox*>("path")->setCurrentText("gaussian");
  EXPECT_EQ(panel.request().sampling.sampler, "ddim");
}

TEST(SettingsPanel, GivesBackARequest) {
  SettingsPanel panel;
  panel.setModel(two_paths());
  engine::GenerateRequest request{
      .prompt = "a red apple\nbelow", .negative = "blue", .seed = 18446744073709551615ULL};
  request.sampling = {.steps = 3, .sampler = "ancestral", .guidance = 1.5, .truncation = "0.86"};
  panel.setRequest(request, Recall::kAll);
  const engine::GenerateRequest back = panel.request();
  EXPECT_EQ(back.prompt, request.prompt);
  EXPECT_EQ(back.negative, request.negative);
  EXPECT_EQ(back.seed, request.seed);
  EXPECT_EQ(back.sampling.steps, 3);
  EXPECT_EQ(back.sampling.truncation, "0.86");

  SettingsPanel other;
  other.setModel(two_paths());
  other.setRequest(request, Recall::kPrompt);
  EXPECT_EQ(other.request().prompt, request.prompt);
  EXPECT_FALSE(other.request().seed);
  EXPECT_EQ(other.request().sampling.steps, 16);
  other.setRequest(request, Recall::kAllButSeed);
  EXPECT_FALSE(other.request().seed);
  EXPECT_EQ(other.request().sampling.steps, 3);
}

TEST(SettingsPanel, SurvivesARestart) {
  SettingsPanel before;
  before.setModel(two_paths());
  engine::GenerateRequest request{.prompt = "ein roter Apfel 🍎", .seed = 5};
  request.sampling.steps = 7;
  before.setRequest(request, Recall::kAll);
  before.findChild<QSpinBox*>("count")->setValue(3);
  SettingsPanel after;
  after.setModel(two_paths());
  after.restore(before.save());
  EXPECT_EQ(after.request().prompt, request.prompt);
  EXPECT_EQ(after.request().count, 3);
  EXPECT_EQ(after.request().seed, 5u);
  EXPECT_EQ(after.request().sampling.steps, 7);
  after.restore("{\"request\": \"no JSON\"}");
  after.restore("nonsense");
  EXPECT_EQ(after.request().count, 3) << "what cannot be read changes nothing";
}

TEST(SeedField, StepsByThePicturesAskedFor) {
  SettingsPanel panel;
  panel.setModel(two_paths());
  panel.findChild<QSpinBox*>("count")->setValue(4);
  auto* seed = panel.findChild<SeedField*>();
  seed->setSeed(10);
  EXPECT_EQ(panel.takeRequest().seed, 10u);
  EXPECT_EQ(panel.takeRequest().seed, 10u) << "fixed";
  seed->setMode(SeedField::kStep);
  EXPECT_EQ(panel.takeRequest().seed, 10u);
  EXPECT_EQ(panel.takeRequest().seed, 14u);
  seed->setLast(99);
  seed->setMode(SeedField::kRandom);
  seed->useLast();
  EXPECT_EQ(panel.request().seed, 99u);
}

TEST(PromptEdit, EnterSubmitsAndShiftEnterBreaksTheLine) {
  PromptEdit edit;
  const QSignalSpy submitted(&edit, &PromptEdit::submitted);
  QTest::keyClicks(&edit, "one");
  QTest::keyClick(&edit, Qt::Key_Return, Qt::ShiftModifier);
  QTest::keyClicks(&edit, "two");
  EXPECT_EQ(submitted.size(), 0);
  QTest::keyClick(&edit, Qt::Key_Enter, Qt::KeypadModifier);
  EXPECT_EQ(submitted.size(), 1);
  EXPECT_EQ(edit.text(), "one\ntwo");
}

TEST(PromptEdit, GoesThroughEarlierPromptsAndBackToTheDraft) {
  PromptEdit edit;
  edit.setHistory({"newest", "older"});
  QTest::keyClicks(&edit, "draft");
  QTest::keyClick(&edit, Qt::Key_Up, Qt::AltModifier);
  EXPECT_EQ(edit.text(), "newest");
  QTest::keyClick(&edit, Qt::Key_Up, Qt::AltModifier);
  QTest::keyClick(&edit, Qt::Key_Up, Qt::AltModifier);
  EXPECT_EQ(edit.text(), "older");
  QTest::keyClick(&edit, Qt::Key_Down, Qt::AltModifier);
  QTest::keyClick(&edit, Qt::Key_Down, Qt::AltModifier);
  EXPECT_EQ(edit.text(), "draft");
}

}  // namespace
}  // namespace tessera::gui
