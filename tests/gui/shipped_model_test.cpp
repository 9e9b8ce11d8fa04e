// From the first letter to the next start of the program, with the model that is shipped.

#include <QPushButton>
#include <QSpinBox>
#include <QTest>
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/image_files.h"
#include "gui/create_page.h"
#include "gui/edit_page.h"
#include "gui/export.h"
#include "gui/gallery.h"
#include "gui/main_window.h"
#include "gui/mask_canvas.h"
#include "gui/picture_view.h"
#include "gui/prompt_edit.h"
#include "gui/recall_dialog.h"
#include "tests/gui/wait_until.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

using test::wait_until;

std::unique_ptr<MainWindow> open(const std::filesystem::path& folder) {
  auto window = std::make_unique<MainWindow>(
      std::make_unique<Studio>(engine::Engine::open, paths_in(folder)), "/nonexistent/tessera");
  window->show();
  window->studio().openModel({.device = "cpu", .threads = 1});
  EXPECT_TRUE(wait_until([&] { return window->studio().ready(); }));
  return window;
}

TEST(ShippedModel, TypeGenerateSeeSaveRestart) {
  const test::TemporaryFolder folder;
  QImage first;
  std::vector<int> masked;
  {
    const auto window = open(folder.path());
    CreatePage& page = window->createPage();
    page.settings().findChild<QSpinBox*>("steps")->setValue(6);
    QObject::connect(&window->studio(), &Studio::filmChanged, [&] {
      const Film& film = window->studio().film();
      const auto& cells = film.frame(film.size() - 1).tokens.cells;
      if (!cells.empty())
        masked.push_back(static_cast<int>(std::count(cells.begin(), cells.end(), -1)));
    });
    QTest::keyClicks(page.settings().prompt(), "a red apple");
    QTest::keyClick(page.settings().prompt(), Qt::Key_Return);
    ASSERT_TRUE(wait_until([&] { return page.gallery().model().rowCount() == 1; }));
    ASSERT_TRUE(page.shown().has_value());
    EXPECT_EQ(window->studio().film().size(), 6) << "every step can be looked at again";
    first = page.view().picture();
    EXPECT_EQ(first.width(), window->studio().model().side);
    EXPECT_GT(first.colorCount() + first.convertToFormat(QImage::Format_Indexed8).colorCount(), 4);
    window->close();
  }
  ASSERT_GE(masked.size(), 6u);
  EXPECT_GT(masked.front(), masked.back());
  EXPECT_EQ(masked.back(), 0);

  const auto again = open(folder.path());
  CreatePage& page = again->createPage();
  ASSERT_EQ(page.gallery().model().rowCount(), 1);
  page.gallery().select(page.gallery().model().idAt(0));
  EXPECT_EQ(page.view().picture().convertToFormat(first.format()), first);
  page.recall(Recall::kAll);
  page.generate();
  ASSERT_TRUE(wait_until([&] { return page.gallery().model().rowCount() == 2; }));
  EXPECT_EQ(page.view().picture().convertToFormat(first.format()), first)
      << "the same settings, the same picture";

  // A part of it, anew: what was not painted stays pixel for pixel.
  again->findChild<QAction*>("edit")->trigger();
  MaskCanvas& canvas = again->editPage().canvas();
  canvas.setByCells(true);
  QTest::mouseClick(&canvas, Qt::LeftButton, {}, canvas.rect().center() + QPoint(3, 3));
  ASSERT_EQ(canvas.cellsChosen(), 1);
  const QImage mask = canvas.mask();
  again->editPage().generate();
  ASSERT_TRUE(wait_until([&] { return page.gallery().model().rowCount() == 3; }));
  const QImage edited = canvas.picture().convertToFormat(QImage::Format_RGB888);
  const QImage before = first.convertToFormat(QImage::Format_RGB888);
  for (int y = 0; y < edited.height(); ++y) {
    for (int x = 0; x < edited.width(); ++x) {
      if (qGray(mask.pixel(x, y)) < 128) {
        ASSERT_EQ(edited.pixel(x, y), before.pixel(x, y)) << x << ", " << y;
      }
    }
  }
}

}  // namespace
}  // namespace tessera::gui
