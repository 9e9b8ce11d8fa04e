// Takes pictures of every page of the real program with the shipped model, for docs/app.md.
// usage: gui_screenshots FOLDER dark|light [LANGUAGE]   (QT_SCALE_FACTOR=2 for the large ones)
// Says on standard error how long the window and the model took.

#include <QAbstractButton>
#include <QApplication>
#include <QCheckBox>
#include <QDir>
#include <QElapsedTimer>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>
#include <iostream>

#include "gui/create_page.h"
#include "gui/edit_page.h"
#include "gui/gallery.h"
#include "gui/main_window.h"
#include "gui/mask_canvas.h"
#include "gui/preferences_dialog.h"
#include "gui/prompt_edit.h"
#include "gui/prompts_dialog.h"
#include "gui/theme.h"
#include "gui/tokens_page.h"
#include "gui/translation.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace tessera;  // NOLINT: a program of one file

constexpr qint64 kMost = 600'000;  // ms: the machine may do other things too

void ask(gui::MainWindow& window, const QString& prompt) {
  window.createPage().settings().prompt()->setPlainText(prompt);
  QTest::keyClick(window.createPage().settings().prompt(), Qt::Key_Return);
}

void draw(gui::MainWindow& window, const QString& prompt) {
  const int before = window.createPage().gallery().model().rowCount();
  ask(window, prompt);
  test::wait_until([&] { return window.createPage().gallery().model().rowCount() > before; },
                   kMost);
}

}  // namespace

int main(int count, char** words) {
  QElapsedTimer clock;
  clock.start();
  QApplication application(count, words);
  if (count < 3 || count > 4) {
    std::cerr << "usage: gui_screenshots FOLDER dark|light [LANGUAGE]\n";
    return 2;
  }
  const QDir folder(words[1]);
  const QString theme = words[2];
  gui::apply_theme(application, theme);
  gui::install_translation(application, count == 4 ? words[3] : "en");
  const test::TemporaryFolder home;
  auto studio = std::make_unique<gui::Studio>(engine::Engine::open, gui::paths_in(home.path()));
  gui::MainWindow window(std::move(studio), QCoreApplication::applicationDirPath() + "/tessera");
  window.resize(1200, 740);
  window.show();
  QCoreApplication::processEvents();
  std::cerr << "window after " << clock.elapsed() << " ms, ";
  window.studio().openModel({});
  test::wait_until([&] { return window.studio().ready(); }, kMost);
  std::cerr << "model after " << clock.elapsed() << " ms\n";
  const auto grab = [&](QWidget& widget, const QString& name) {
    const double scale = widget.devicePixelRatioF();
    const QString suffix = scale > 1 ? QString("-%1x").arg(scale) : QString();
    widget.grab().save(folder.filePath(name + "-" + theme + suffix + ".png"));
  };
  const auto save_widget = [&](QWidget& widget, const QString& name) {
    QCoreApplication::processEvents();
    QTest::qWait(150);
    grab(widget, name);
  };
  const auto save = [&](const QString& name) { save_widget(window, name); };
  for (const char* prompt : {"a blue fish on a yellow background",
                             "a green car left of a red balloon",
                             "a pink butterfly",
                             "a red apple on a blue background"}) {
    draw(window, prompt);
  }
  save("create");
  window.createPage().toggleTokens();
  window.createPage().settings().findChild<QAbstractButton*>("advanced")->click();
  // Half formed: some tokens are there, others are not.
  const auto forming = QObject::connect(&window.studio(), &gui::Studio::filmChanged, [&] {
    const gui::Frame& last = window.studio().film().frame(window.studio().film().size() - 1);
    constexpr int kHalf = 8;
    if (last.step == kHalf && !last.tokens.cells.empty()) grab(window, "tokens-forming");
  });
  draw(window, "a yellow star above a blue bird");
  QObject::disconnect(forming);
  window.createPage().toggleTokens();
  window.findChild<QAction*>("edit")->trigger();
  gui::MaskCanvas& canvas = window.editPage().canvas();
  window.editPage().findChild<QCheckBox*>()->click();  // by tokens
  canvas.setTool(gui::MaskCanvas::Tool::kRectangle);
  const QPoint centre = canvas.rect().center();
  QTest::mousePress(&canvas, Qt::LeftButton, {}, centre - QPoint(150, 150));
  QTest::mouseMove(&canvas, centre);
  QTest::mouseRelease(&canvas, Qt::LeftButton, {}, centre + QPoint(100, -10));
  save("edit");
  window.pages().setCurrentIndex(0);
  window.findChild<QAction*>("tokenise")->trigger();
  test::wait_until([&] { return window.tokensPage().codes()->rowCount() > 0; }, kMost);
  window.tokensPage().codes()->setCurrentCell(1, 0);
  QTest::qWait(1500);  // the pictures of the codes
  save("tokens");
  const QStringList names{"create", "edit", "tokens", "train", "measure", "models"};
  for (int page = 3; page < window.pages().count(); ++page) {
    window.pages().setCurrentIndex(page);
    save(names[page]);
  }
  window.pages().setCurrentIndex(0);
  for (const char* prompt : {"a pink butterfly", "a red apple on a blue background"}) {
    window.studio().history().star_prompt(prompt);
  }
  gui::PromptsDialog prompts(window.studio().history(), &window);
  prompts.show();
  save_widget(prompts, "prompts");
  prompts.close();
  gui::PreferencesDialog preferences(
      window.preferences(), "/tmp/Pictures/Tessera", window.shortcuts(), &window);
  preferences.show();
  auto* tabs = preferences.findChild<QTabWidget*>();
  for (int tab = 0; tab < tabs->count(); ++tab) {
    tabs->setCurrentIndex(tab);
    save_widget(preferences, QString("settings-%1").arg(tab + 1));
  }
  return 0;
}
