// The window around an engine that does as it is told.

#include "gui/main_window.h"

#include <QAccessible>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableWidget>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "gui/code_tiles.h"
#include "gui/compare_dialog.h"
#include "gui/create_page.h"
#include "gui/edit_page.h"
#include "gui/export.h"
#include "gui/gallery.h"
#include "gui/mask_canvas.h"
#include "gui/models_page.h"
#include "gui/notice_bar.h"
#include "gui/picture_file.h"
#include "gui/picture_view.h"
#include "gui/prompt_edit.h"
#include "gui/prompts_dialog.h"
#include "gui/recall_dialog.h"
#include "gui/tokens_page.h"
#include "tests/gui/staged_engine.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using test::wait_until;
using ::testing::HasSubstr;

class MainWindowTest : public ::testing::Test {
 protected:
  std::unique_ptr<MainWindow> open() {
    auto studio = std::make_unique<Studio>(test::staged(stage_), paths_in(folder_.path()));
    auto window = std::make_unique<MainWindow>(std::move(studio), "/nonexistent/tessera");
    window->show();
    window->studio().openModel({});
    wait_until([&] { return window->studio().ready(); });
    return window;
  }
  static void type(MainWindow& window, const QString& prompt) {
    PromptEdit* edit = window.createPage().settings().prompt();
    edit->setPlainText(prompt);
    QTest::keyClick(edit, Qt::Key_Return);
  }
  static int pictures(MainWindow& window) {
    return window.createPage().gallery().model().rowCount();
  }

  std::shared_ptr<test::Stage> stage_ = std::make_shared<test::Stage>();
  test::TemporaryFolder folder_;
};

TEST_F(MainWindowTest, APromptAndEnterMakeAPicture) {
  const auto window = open();
  EXPECT_TRUE(window->createPage().view().picture().isNull());
  type(*window, "a red apple");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  ASSERT_TRUE(window->createPage().shown().has_value());
  EXPECT_EQ(window->createPage().shown()->prompt, "a red apple");
  EXPECT_EQ(window->createPage().view().picture().size(), QSize(16, 16));
  EXPECT_THAT(window->findChild<QLabel*>("info")->text().toStdString(), HasSubstr("seed 77"));
}

TEST_F(MainWindowTest, WhatWasMadeIsThereAfterARestart) {
  {
    const auto window = open();
    type(*window, "a blue fish");
    ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
    window->close();
  }
  const auto again = open();
  EXPECT_EQ(pictures(*again), 1);
  EXPECT_EQ(again->createPage().settings().prompt()->text(), "a blue fish") << "the form too";
  again->createPage().gallery().select(again->createPage().gallery().model().idAt(0));
  EXPECT_EQ(again->createPage().view().picture().size(), QSize(16, 16));
}

TEST_F(MainWindowTest, ClosingInMidGenerationIsQuickAndKeepsTheJob) {
  stage_->hold = true;
  auto window = open();
  type(*window, "held");
  ASSERT_TRUE(wait_until([&] { return window->studio().queue().running().has_value(); }));
  QElapsedTimer clock;
  clock.start();
  window->close();
  window.reset();
  EXPECT_LT(clock.elapsed(), 3000);
  stage_->hold = false;
  const auto again = open();
  EXPECT_THAT(again->notice().text().toStdString(), HasSubstr("1 job"));
  QTest::mouseClick(again->notice().findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_TRUE(wait_until([&] { return pictures(*again) == 1; }));
}

TEST_F(MainWindowTest, ErrorsAreToldInTheWindow) {
  const auto window = open();
  type(*window, "break");
  ASSERT_TRUE(wait_until([&] { return window->notice().isVisible(); }));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("the machine broke"));
  type(*window, "odd");
  ASSERT_TRUE(wait_until([&] { return window->notice().text().contains("an odd prompt"); }));
}

TEST_F(MainWindowTest, AModelDeletedWhileOpenIsAnErrorAtTheNextStartOnly) {
  const auto window = open();
  window->studio().openModel({.model = "missing"});
  ASSERT_TRUE(wait_until([&] { return window->notice().isVisible(); }));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("no such model"));
  window->studio().openModel({});
  ASSERT_TRUE(wait_until([&] { return window->studio().ready(); }));
  type(*window, "again");
  EXPECT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
}

TEST_F(MainWindowTest, RecallsSettingsAndMakesVariations) {
  const auto window = open();
  type(*window, "first prompt");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  SettingsPanel& settings = window->createPage().settings();
  settings.prompt()->setPlainText("something else");
  window->createPage().recall(Recall::kSeed);
  EXPECT_EQ(settings.request().seed, 77u);
  EXPECT_EQ(settings.request().prompt, "something else");
  window->createPage().recall(Recall::kPrompt);
  EXPECT_EQ(settings.request().prompt, "first prompt");
  window->createPage().makeVariations(4);
  EXPECT_TRUE(wait_until([&] { return pictures(*window) == 5; }));
}

TEST_F(MainWindowTest, EditsAPartOfAPicture) {
  const auto window = open();
  type(*window, "start");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  window->findChild<QAction*>("edit")->trigger();
  EXPECT_EQ(window->pages().currentWidget(), &window->editPage());
  EditPage& page = window->editPage();
  EXPECT_EQ(page.prompt().text(), "start");
  page.generate();
  EXPECT_EQ(window->studio().queue().waiting(), 0) << "nothing is painted yet";
  page.canvas().setByCells(true);
  QTest::mouseClick(
      &page.canvas(), Qt::LeftButton, {}, page.canvas().rect().center() - QPoint(5, 5));
  EXPECT_EQ(page.canvas().cellsChosen(), 1);
  page.generate();
  EXPECT_TRUE(wait_until([&] { return pictures(*window) == 2; }));
}

TEST_F(MainWindowTest, ShowsThePictureAsTokens) {
  const auto window = open();
  type(*window, "tokens please");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  window->findChild<QAction*>("tokenise")->trigger();
  QTableWidget* codes = window->tokensPage().codes();
  ASSERT_TRUE(wait_until([&] { return codes->rowCount() == 2; }));
  EXPECT_EQ(codes->item(0, 0)->text(), "3");
  EXPECT_EQ(codes->item(0, 1)->text(), "3");
  EXPECT_EQ(codes->item(0, 2)->text(), "75.0 %");
  const auto colour = [&](int row) {
    return codes->item(row, 0)->icon().pixmap(8, 8).toImage().pixelColor(4, 4).red();
  };
  ASSERT_TRUE(wait_until([&] { return !codes->item(1, 0)->icon().isNull(); }));
  EXPECT_EQ(colour(0), 3) << "what code 3 looks like";
  EXPECT_EQ(colour(1), 5);
  window->tokensPage().load(window->createPage().view().picture());
  const QSignalSpy seen(&window->studio(), &Studio::tokenised);
  ASSERT_TRUE(wait_until([&] { return seen.size() == 1; }));
  EXPECT_EQ(stage_->codes_painted, 2) << "each is painted once";
}

TEST_F(MainWindowTest, CodesThatAreNoLongerWantedAreNotPainted) {
  const auto window = open();
  CodeTiles tiles(window->studio());
  std::vector<int> many(200);
  std::iota(many.begin(), many.end(), 0);
  tiles.want(many, 256);
  tiles.want({3}, 256);
  ASSERT_TRUE(wait_until([&] { return !tiles.tile(3).isNull(); }));
  EXPECT_LE(stage_->codes_painted, 2) << "the one that was begun, and the one that is wanted";
  window->studio().openModel({});
  ASSERT_TRUE(wait_until([&] { return stage_->opened == 2 && window->studio().ready(); }));
  EXPECT_TRUE(tiles.tile(3).isNull()) << "another model, other codes";
}

TEST_F(MainWindowTest, FavouritePromptsOutliveTheWindow) {
  {
    const auto window = open();
    window->createPage().settings().prompt()->setPlainText("a red apple");
    window->findChild<QAction*>("star-prompt")->trigger();
    EXPECT_EQ(window->findChild<QToolButton*>("star")->text(), "★");
    window->createPage().settings().prompt()->setPlainText("something else");
    window->close();
  }
  const auto again = open();
  EXPECT_EQ(again->findChild<QToolButton*>("star")->text(), "☆");
  QTimer::singleShot(0, again.get(), [] {
    auto* dialog = qobject_cast<PromptsDialog*>(QApplication::activeModalWidget());
    ASSERT_NE(dialog, nullptr);
    QTest::keyClick(dialog->words(), Qt::Key_Return);
  });
  again->findChild<QAction*>("prompts")->trigger();
  EXPECT_EQ(again->createPage().settings().prompt()->text(), "a red apple");
  EXPECT_EQ(again->findChild<QToolButton*>("star")->text(), "★");
}

TEST_F(MainWindowTest, PreferencesAreInForceAtOnceAndKept) {
  const auto pictures_folder = folder_.path() / "mine";
  {
    const auto window = open();
    const QSignalSpy language(window.get(), &MainWindow::languageChosen);
    window->setPreferences(
        {.pictures = pictures_folder, .name = "{seed}", .theme = "dark", .language = "de"});
    const auto light = [&] { return window->palette().color(QPalette::Window).lightness(); };
    EXPECT_TRUE(wait_until([&] { return light() < 128; }));
    EXPECT_EQ(language.size(), 1);
    type(*window, "where to");
    ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
    EXPECT_EQ(window->createPage().shown()->file, pictures_folder / "77.png");
    window->close();
  }
  const auto again = open();
  EXPECT_EQ(again->preferences().pictures, pictures_folder);
  type(*again, "there");
  ASSERT_TRUE(wait_until([&] { return pictures(*again) == 2; }));
  EXPECT_EQ(again->createPage().shown()->file, pictures_folder / "77-2.png");
  again->setPreferences({.name = "{seed}"});
  const auto light = [&] { return again->palette().color(QPalette::Window).lightness(); };
  EXPECT_TRUE(wait_until([&] { return light() > 128; })) << "as the desktop again";
}

/// As the program does for another language: what is being drawn goes on.
TEST_F(MainWindowTest, AnotherWindowTakesTheStudioOver) {
  stage_->hold = true;
  auto first = open();
  type(*first, "goes on");
  ASSERT_TRUE(wait_until([&] { return first->studio().queue().running().has_value(); }));
  auto second = std::make_unique<MainWindow>(first->releaseStudio(), "/nonexistent/tessera");
  second->show();
  first.reset();
  EXPECT_EQ(stage_->opened, 1) << "the model stays open";
  EXPECT_EQ(second->createPage().settings().prompt()->text(), "goes on");
  stage_->hold = false;
  ASSERT_TRUE(wait_until([&] { return pictures(*second) == 1; }));
  type(*second, "and on");
  EXPECT_TRUE(wait_until([&] { return pictures(*second) == 2; }));
}

TEST_F(MainWindowTest, APictureThatCannotBeSavedIsToldAndKeepsTheWindowOpen) {
  const auto window = open();
  const auto folder = paths_in(folder_.path()).pictures;
  write_file_atomically(folder, "a file where the folder should be");
  type(*window, "nowhere to go");
  ASSERT_TRUE(wait_until([&] { return window->studio().picturesHeld() == 1; }));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("kept in memory"));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("pictures"));
  EXPECT_EQ(window->createPage().view().picture().size(), QSize(16, 16));
  QTimer::singleShot(0, window.get(), [] {
    auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
    ASSERT_NE(box, nullptr);
    QTest::mouseClick(box->button(QMessageBox::No), Qt::LeftButton);
  });
  EXPECT_FALSE(window->close());
  std::filesystem::remove(folder);
  QTest::mouseClick(window->notice().findChild<QPushButton*>(), Qt::LeftButton);
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("nothing was lost"));
  EXPECT_TRUE(window->close());
}

TEST_F(MainWindowTest, ForgetsAllButTheFavourites) {
  const auto window = open();
  window->createPage().settings().findChild<QSpinBox*>("count")->setValue(3);
  type(*window, "three");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 3; }));
  Gallery& gallery = window->createPage().gallery();
  gallery.model().setFavourite(1, true);
  for (const auto id : {gallery.model().idAt(0), gallery.model().idAt(2)}) {
    std::filesystem::remove(window->studio().history().find(id)->file);  // nobody's trash is used
  }
  gallery.setAskBeforeDelete(false);
  gallery.removeOthers();
  ASSERT_EQ(pictures(*window), 1);
  EXPECT_TRUE(gallery.model().entryAt(0)->favourite);
}

TEST_F(MainWindowTest, TheLastModelIsOpenedAgainAndTheShippedOneOffered) {
  {
    const auto window = open();
    window->studio().openModel({.model = "other"});
    ASSERT_TRUE(wait_until([&] { return stage_->opened == 2 && window->studio().ready(); }));
    window->close();
  }
  const auto again = std::make_unique<MainWindow>(
      std::make_unique<Studio>(test::staged(stage_), paths_in(folder_.path())), "/nonexistent");
  again->show();
  EXPECT_EQ(again->lastModel(), "other");
  again->studio().openModel({.model = "missing"});
  ASSERT_TRUE(wait_until([&] { return again->notice().isVisible(); }));
  EXPECT_EQ(again->lastModel(), "other") << "what cannot be opened is not remembered";
  const int opened = stage_->opened;
  QTest::mouseClick(again->notice().findChild<QPushButton*>(), Qt::LeftButton);
  EXPECT_TRUE(wait_until([&] { return stage_->opened == opened + 1 && again->studio().ready(); }));
}

TEST_F(MainWindowTest, ComparesAndExports) {
  const auto window = open();
  window->createPage().settings().findChild<QSpinBox*>("count")->setValue(2);
  type(*window, "pair");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 2; }));
  window->createPage().gallery().view()->selectAll();
  const auto entries = window->createPage().gallery().selected();
  ASSERT_EQ(entries.size(), 2u);
  const CompareDialog dialog(entries[0], entries[1]);
  ASSERT_EQ(dialog.differences()->rowCount(), 1);
  EXPECT_EQ(dialog.differences()->item(0, 0)->text(), "seed");
  const QString target = QString::fromStdString((folder_.path() / "out.jpg").string());
  export_pictures(entries, target);
  EXPECT_FALSE(QImage(QString(target).replace("out.jpg", "out-2.jpg")).isNull());
  const QString webp = QString(target).replace("out.jpg", "one.webp");
  export_pictures({entries[0]}, webp);
  QString problem;
  EXPECT_EQ(read_picture(webp, &problem).size(), QSize(16, 16)) << problem.toStdString();
  const QString png = QString(target).replace("out.jpg", "one.png");
  export_pictures({entries[0]}, png);
  EXPECT_EQ(request_in_picture(png).prompt, "pair") << "a PNG keeps its settings";
  export_sheet(entries, QString(target).replace("out.jpg", "sheet.png"));
  EXPECT_FALSE(QImage(QString(target).replace("out.jpg", "sheet.png")).isNull());
  EXPECT_THROW(export_pictures(entries, "/nonexistent/x.jpg"), Error);
  const auto list = folder_.path() / "history.json";
  window->createPage().gallery().model().setFavourite(0, true);
  export_history(window->studio().history(), QString::fromStdString(list.string()));
  const QJsonArray told =
      QJsonDocument::fromJson(QByteArray::fromStdString(read_file(list))).array();
  ASSERT_EQ(told.size(), 2);
  EXPECT_EQ(told[0].toObject()["prompt"].toString(), "pair");
  EXPECT_TRUE(told[0].toObject()["favourite"].toBool());
  EXPECT_EQ(told[1].toObject()["record"].toObject()["seed"].toInt(), 77);
}

TEST_F(MainWindowTest, ADroppedPictureBringsItsSettings) {
  const auto window = open();
  type(*window, "dropped");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  const engine::GenerateRequest found =
      request_in_picture(QString::fromStdString(window->createPage().shown()->file.string()));
  RecallDialog dialog(found);
  EXPECT_EQ(dialog.merged({.prompt = "now"}).prompt, "dropped");
  for (QCheckBox* box : dialog.findChildren<QCheckBox*>()) box->setChecked(false);
  EXPECT_EQ(dialog.merged({.prompt = "now"}).prompt, "now");
  const auto plain = folder_.path() / "plain.png";
  QImage(16, 16, QImage::Format_RGB888).save(QString::fromStdString(plain.string()));
  window->openDropped(QString::fromStdString(plain.string()));
  EXPECT_EQ(window->pages().currentWidget(), &window->editPage())
      << "no settings: a picture to edit";
  write_file_atomically(folder_.path() / "no.png", "no picture");
  window->openDropped(QString::fromStdString((folder_.path() / "no.png").string()));
  EXPECT_THAT(window->notice().text().toStdString(), HasSubstr("no picture that can be read"));
}

TEST_F(MainWindowTest, KeysAreUniqueAndCanBeChanged) {
  const auto window = open();
  std::map<QString, QString> owners;
  for (const QAction* action : window->shortcuts().actions()) {
    const QString keys = action->shortcut().toString();
    if (keys.isEmpty()) continue;
    EXPECT_TRUE(owners.emplace(keys, action->text()).second)
        << keys.toStdString() << ": " << action->text().toStdString() << " and "
        << owners[keys].toStdString();
  }
  QAction* action = window->findChild<QAction*>("tokens");
  QString taken;
  EXPECT_FALSE(window->shortcuts().change(action, QKeySequence("Ctrl+Return"), &taken));
  EXPECT_EQ(taken, "Generate");
  EXPECT_TRUE(window->shortcuts().change(action, QKeySequence("F9"), &taken));
  window->close();
  const auto again = open();
  EXPECT_EQ(again->findChild<QAction*>("tokens")->shortcut(), QKeySequence("F9"));
}

/// Every control that can be reached has a name for those who hear the screen.
TEST_F(MainWindowTest, EveryControlHasAName) {
  const auto window = open();
  for (int page = 0; page < window->pages().count(); ++page) {
    window->pages().setCurrentIndex(page);
    for (const QWidget* widget : window->pages().currentWidget()->findChildren<QWidget*>()) {
      const bool control = qobject_cast<const QAbstractButton*>(widget) != nullptr ||
                           qobject_cast<const QComboBox*>(widget) != nullptr ||
                           qobject_cast<const QAbstractSpinBox*>(widget) != nullptr ||
                           qobject_cast<const QPlainTextEdit*>(widget) != nullptr ||
                           qobject_cast<const QAbstractItemView*>(widget) != nullptr;
      const bool part_of_another =
          widget->parentWidget() != nullptr &&
          (qobject_cast<const QComboBox*>(widget->parentWidget()) != nullptr ||
           widget->parentWidget()->inherits("QComboBoxPrivateContainer") ||
           widget->parentWidget()->inherits("QTableView") ||
           widget->parentWidget()->inherits("QTabBar") ||
           widget->parentWidget()->inherits("QLineEdit"));
      if (!control || part_of_another || !widget->isVisibleTo(window.get())) continue;
      QAccessibleInterface* face =
          QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
      ASSERT_NE(face, nullptr);
      EXPECT_FALSE(face->text(QAccessible::Name).isEmpty())
          << widget->metaObject()->className() << " \"" << widget->objectName().toStdString()
          << "\" on page " << window->pages().tabText(page).toStdString();
    }
  }
}

TEST_F(MainWindowTest, DrawsItselfInBothDirectionsAndAtAnySize) {
  const auto window = open();
  type(*window, "صورة 苹果 🍎");
  ASSERT_TRUE(wait_until([&] { return pictures(*window) == 1; }));
  EXPECT_EQ(window->createPage().shown()->prompt, "صورة 苹果 🍎");
  for (const Qt::LayoutDirection direction : {Qt::LeftToRight, Qt::RightToLeft}) {
    window->setLayoutDirection(direction);
    for (const QSize size : {QSize(900, 600), QSize(2400, 1400)}) {
      window->resize(size);
      EXPECT_FALSE(window->grab().isNull());
    }
  }
}

}  // namespace
}  // namespace tessera::gui
