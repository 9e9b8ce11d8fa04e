// Favourite and earlier prompts, by keys and by mouse.

#include "gui/prompts_dialog.h"

#include <QApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTest>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using ::testing::ElementsAre;

class PromptsDialogTest : public ::testing::Test {
 protected:
  PromptsDialogTest() {
    std::int64_t time = 0;
    for (const char* prompt : {"a red apple", "a blue fish", "a green car\nbelow a star"}) {
      history_.add({.time = ++time, .prompt = prompt});
    }
    history_.star_prompt("never drawn");
    history_.star_prompt("a red apple");
  }
  static std::vector<std::string> rows(const PromptsDialog& dialog) {
    std::vector<std::string> rows;
    for (int row = 0; row < dialog.table()->rowCount(); ++row) {
      rows.push_back((dialog.table()->item(row, 0)->text() + dialog.table()->item(row, 1)->text())
                         .toStdString());
    }
    return rows;
  }

  test::TemporaryFolder folder_;
  history::History history_{folder_.path() / "history.sqlite"};
};

TEST_F(PromptsDialogTest, FavouritesComeFirstAndOnce) {
  const PromptsDialog dialog(history_);
  EXPECT_THAT(
      rows(dialog),
      ElementsAre("★a red apple", "★never drawn", "☆a green car below a star", "☆a blue fish"));
}

TEST_F(PromptsDialogTest, ByKeys) {
  PromptsDialog dialog(history_);
  dialog.show();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&dialog));
  QTest::keyClicks(dialog.words(), "A  b");
  EXPECT_THAT(rows(dialog), ElementsAre("☆a green car below a star", "☆a blue fish"));
  QTest::keyClick(dialog.words(), Qt::Key_Down);
  QTest::keyClick(&dialog, Qt::Key_B, Qt::ControlModifier);
  EXPECT_THAT(history_.starred_prompts(), ElementsAre("a blue fish", "a red apple", "never drawn"));
  EXPECT_THAT(rows(dialog), ElementsAre("★a blue fish", "☆a green car below a star"));
  QTest::keyClick(dialog.words(), Qt::Key_Down);
  QTest::keyClick(dialog.words(), Qt::Key_Return);
  EXPECT_EQ(dialog.result(), QDialog::Accepted);
  EXPECT_EQ(dialog.taken(), "a green car\nbelow a star") << "with its lines";
}

TEST_F(PromptsDialogTest, ByMouse) {
  PromptsDialog dialog(history_);
  dialog.show();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&dialog));
  const auto click = [&](int row, int column) {
    const QRect cell = dialog.table()->visualItemRect(dialog.table()->item(row, column));
    QTest::mouseClick(dialog.table()->viewport(), Qt::LeftButton, {}, cell.center());
  };
  click(0, 0);
  EXPECT_THAT(history_.starred_prompts(), ElementsAre("never drawn")) << "the star is taken away";
  EXPECT_THAT(
      rows(dialog),
      ElementsAre("★never drawn", "☆a green car below a star", "☆a blue fish", "☆a red apple"));
  click(0, 0);
  EXPECT_TRUE(history_.starred_prompts().empty());
  EXPECT_EQ(dialog.table()->rowCount(), 3) << "a prompt without star and picture is gone";
  click(1, 1);
  EXPECT_EQ(dialog.result(), QDialog::Rejected) << "one click chooses only";
  QTest::mouseDClick(dialog.table()->viewport(),
                     Qt::LeftButton,
                     {},
                     dialog.table()->visualItemRect(dialog.table()->item(1, 1)).center());
  EXPECT_EQ(dialog.taken(), "a blue fish");
}

}  // namespace
}  // namespace tessera::gui
