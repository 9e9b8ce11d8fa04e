// From the first letter to the next start of the program, with the model that is shipped.

#include <QComboBox>
#include <QPushButton>
#include <QSpinBox>
#include <QTest>
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/image_files.h"
#include "engine/installation.h"
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

/// A real network on a machine that does other things too.
bool wait_until(const std::function<bool()>& done) {
  constexpr qint64 kMost = 110'000;
  return test::wait_until(done, kMost);
}

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

/// Every way that the model can draw, from the same form.
TEST(ShippedModel, DrawsOnEachOfItsPaths) {
  const test::TemporaryFolder folder;
  const auto window = open(folder.path());
  CreatePage& page = window->createPage();
  const QStringList paths = window->studio().model().paths;
  ASSERT_FALSE(paths.isEmpty());
  page.settings().prompt()->setPlainText("a red apple");
  QObject::connect(
      &window->studio(), &Studio::filmChanged, &window->studio(), &Studio::previewShown);
  for (int made = 0; made < paths.size(); ++made) {
    page.settings().findChild<QComboBox*>("path")->setCurrentText(paths[made]);
    page.settings().findChild<QSpinBox*>("steps")->setValue(3);
    page.generate();
    ASSERT_TRUE(wait_until([&] { return page.gallery().model().rowCount() == made + 1; }));
    const Film& film = window->studio().film();
    EXPECT_EQ(film.frame(0).tokens.cells.empty(), paths[made] == "gaussian");
    EXPECT_FALSE(film.picture_at(0).isNull()) << "the picture forms from its first step on";
    EXPECT_EQ(film.picture_at(film.size() - 1).width(), window->studio().model().side);
  }
}

TEST(ShippedModel, DeletedWhileItIsOpenGoesOnDrawing) {
  const test::TemporaryFolder folder;
  const auto model = folder.path() / "model";
  std::filesystem::copy(engine::default_model(), model, std::filesystem::copy_options::recursive);
  Studio studio(engine::Engine::open, paths_in(folder.path()));
  studio.openModel({.model = model, .device = "cpu", .threads = 1});
  ASSERT_TRUE(wait_until([&] { return studio.ready(); }));
  std::filesystem::remove_all(model);
  std::vector<Job> ended;
  QObject::connect(&studio, &Studio::jobEnded, [&](const Job& job) { ended.push_back(job); });
  engine::GenerateRequest request{.prompt = "a red apple", .seed = 1};
  request.sampling.steps = 2;
  studio.enqueue(request);
  ASSERT_TRUE(wait_until([&] { return ended.size() == 1; }));
  EXPECT_EQ(ended.back().state, JobState::kFinished) << ended.back().message.toStdString();
  ASSERT_TRUE(wait_until([&] { return studio.history().count({}) == 1; }));

  // What it would have to read now is missing, and that is said; nothing else is lost.
  QString why;
  QObject::connect(&studio, &Studio::modelFailed, [&](const QString& text) { why = text; });
  studio.openModel({.model = model, .device = "cpu", .threads = 1});
  ASSERT_TRUE(wait_until([&] { return !why.isEmpty(); }));
  EXPECT_TRUE(why.contains(QString::fromStdString(model.string()))) << why.toStdString();
  EXPECT_TRUE(why.contains("Choose another model")) << why.toStdString();
  studio.enqueue(request);
  EXPECT_EQ(studio.queue().waiting(), 1) << "it waits for a model";
  studio.openModel({.device = "cpu", .threads = 1});
  ASSERT_TRUE(wait_until([&] { return ended.size() == 2; }));
  EXPECT_EQ(ended.back().state, JobState::kFinished);
}

}  // namespace
}  // namespace tessera::gui
