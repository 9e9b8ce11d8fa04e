#include "gui/settings_panel.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTest>
#include <QToolButton>

#include <gtest/gtest.h>

#include "gui/prompt_edit.h"
#include "gui/seed_field.h"

namespace tessera::gui {
namespace {

ModelFacts two_paths() {
  ModelFacts facts{.name = "m",
                   .paths = {"discrete", "gaussian"},
                   .samplers = {{"discrete", {"ancestral", "confidence"}},
                                {"gaussian", {"ddim", "dpm-solver++"}}},
                   .side = 64,
                   .cell = 8};
  facts.defaults.sampling = {
      .steps = 16, .sampler = "confidence", .guidance = 2.5, .truncation = "1"};
  facts.sampling["discrete"] = facts.defaults.sampling;
  facts.sampling["gaussian"] = {.steps = 50, .sampler = "ddim", .guidance = 3.0};
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

TEST(SettingsPanel, TheFormFollowsThePath) {
  SettingsPanel panel;
  panel.show();
  panel.setModel(two_paths());
  panel.findChild<QToolButton*>("advanced")->click();
  auto* path = panel.findChild<QComboBox*>("path");
  auto* eta = panel.findChild<QDoubleSpinBox*>("eta");
  EXPECT_TRUE(path->isEnabled());
  EXPECT_FALSE(eta->isVisible()) << "no matter of the discrete path";
  path->setCurrentText("gaussian");
  engine::GenerateRequest request = panel.request();
  EXPECT_EQ(request.sampling.path, "gaussian");
  EXPECT_EQ(request.sampling.sampler, "ddim");
  EXPECT_EQ(request.sampling.steps, 50) << "the path's own";
  EXPECT_EQ(request.sampling.guidance, 3.0);
  EXPECT_EQ(request.sampling.truncation, "") << "nothing is truncated there";
  EXPECT_LT(request.sampling.tuning.eta, 0) << "the sampler's own";
  EXPECT_TRUE(eta->isVisible());
  eta->setValue(0.5);
  EXPECT_EQ(panel.request().sampling.tuning.eta, 0.5);
  panel.findChild<QComboBox*>("sampler")->setCurrentText("dpm-solver++");
  EXPECT_FALSE(eta->isVisible());
  EXPECT_LT(panel.request().sampling.tuning.eta, 0) << "that sampler has no such noise";
  path->setCurrentText("discrete");
  request = panel.request();
  EXPECT_EQ(request.sampling.steps, 16);
  EXPECT_EQ(request.sampling.sampler, "confidence");
  EXPECT_EQ(request.sampling.truncation, "1");
}

TEST(SettingsPanel, APresetIsAShareOfTheModelsOwnSteps) {
  SettingsPanel panel;
  ModelFacts facts = two_paths();
  facts.description = R"({"steps_trained": 30})";
  panel.setModel(facts);
  auto* preset = panel.findChild<QComboBox*>("preset");
  const auto chosen = [&](int index) {
    preset->setCurrentIndex(index);
    Q_EMIT preset->activated(index);
    return panel.request().sampling.steps;
  };
  ASSERT_EQ(preset->count(), 3);
  EXPECT_EQ(chosen(1), 10) << "fast: 0.6 of 16";
  EXPECT_EQ(chosen(2), 30) << "fine: twice as many, but no more than the model knows";
  EXPECT_EQ(chosen(0), 16) << "balanced: the model's own";
}

TEST(SettingsPanel, SaysTheSizeThatTheModelHas) {
  SettingsPanel panel;
  panel.setModel(two_paths());
  const auto* size = panel.findChild<QLabel*>("size");
  EXPECT_EQ(size->text(), "64 × 64 pixels");
  EXPECT_FALSE(size->toolTip().isEmpty()) << "and why there is no other";
}

TEST(SettingsPanel, WhatWasSetIsThereAgainOnceItsModelIsOpen) {
  SettingsPanel before;
  before.setModel(two_paths());
  before.findChild<QComboBox*>("path")->setCurrentText("gaussian");
  before.findChild<QSpinBox*>("steps")->setValue(9);
  SettingsPanel unopened;  // closed before its model was open
  unopened.restore(before.save());
  SettingsPanel after;
  after.restore(unopened.save());
  ModelFacts other = two_paths();
  other.name = "another";
  after.setModel(two_paths());
  EXPECT_EQ(after.request().sampling.path, "gaussian");
  EXPECT_EQ(after.request().sampling.steps, 9);
  after.setModel(other);
  EXPECT_EQ(after.request().sampling.steps, 16) << "another model has its own values";
}

TEST(SettingsPanel, AStarBesideThePromptSaysWhetherItIsAFavourite) {
  SettingsPanel panel;
  QSignalSpy asked(&panel, &SettingsPanel::starAsked);
  auto* star = panel.findChild<QToolButton*>("star");
  panel.setStarredPrompts({"a red apple"});
  EXPECT_EQ(star->text(), "☆");
  star->click();
  EXPECT_EQ(asked.size(), 0) << "no prompt, no favourite";
  EXPECT_FALSE(star->isChecked());
  panel.prompt()->setPlainText(" a red apple ");
  EXPECT_EQ(star->text(), "★");
  star->click();
  ASSERT_EQ(asked.size(), 1);
  EXPECT_EQ(asked.front().front().toString(), "a red apple");
  EXPECT_FALSE(asked.front().back().toBool()) << "the star is taken away";
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
