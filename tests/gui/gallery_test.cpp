#include "gui/gallery.h"

#include <QAbstractItemModelTester>
#include <QElapsedTimer>
#include <QImage>
#include <QLineEdit>
#include <QListView>
#include <QMimeData>
#include <QScrollBar>
#include <QSignalSpy>
#include <QUrl>

#include <gtest/gtest.h>

#include "gui/image_convert.h"
#include "tests/support/temporary_folder.h"

namespace tessera::gui {
namespace {

class GalleryTest : public ::testing::Test {
 protected:
  GalleryTest() : history_(folder_.path() / "history.sqlite") {}

  std::int64_t add(const std::string& prompt, std::int64_t time) {
    QImage picture(8, 8, QImage::Format_RGB888);
    picture.fill(Qt::blue);
    const auto file = folder_.path() / (std::to_string(time) + ".png");
    picture.save(QString::fromStdString(file.string()));
    return history_.add({.time = time,
                         .file = file,
                         .prompt = prompt,
                         .record = "{}",
                         .model = "staged",
                         .seed = "1",
                         .width = 8,
                         .height = 8,
                         .thumbnail = thumbnail_of(picture, 8)});
  }

  test::TemporaryFolder folder_;
  history::History history_;
};

TEST_F(GalleryTest, ListsNewestFirstAndTakesInWhatComes) {
  add("a red apple", 1);
  GalleryModel model(history_);
  const QAbstractItemModelTester tester(&model);
  QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
  QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
  add("a blue fish", 2);
  model.refresh();
  EXPECT_EQ(inserted.size(), 1) << "the rows that are there keep their selection";
  EXPECT_EQ(reset.size(), 0);
  EXPECT_EQ(model.data(model.index(0), Qt::DisplayRole).toString(), "a blue fish");
  EXPECT_FALSE(model.data(model.index(0), GalleryModel::kThumbnailRole).value<QImage>().isNull());
  history_.remove({model.idAt(0)});
  model.refresh();
  EXPECT_EQ(model.rowCount(), 1);
}

TEST_F(GalleryTest, ShowsAMovedFileAsMissingAndDragsTheOthersOut) {
  add("here", 1);
  add("gone", 2);
  std::filesystem::remove(folder_.path() / "2.png");
  GalleryModel model(history_);
  EXPECT_TRUE(model.data(model.index(0), GalleryModel::kMissingRole).toBool());
  EXPECT_FALSE(model.data(model.index(1), GalleryModel::kMissingRole).toBool());
  const std::unique_ptr<QMimeData> mime(model.mimeData({model.index(1)}));
  ASSERT_EQ(mime->urls().size(), 1);
  EXPECT_EQ(mime->urls().front().toLocalFile().toStdString(), (folder_.path() / "1.png").string());
}

TEST_F(GalleryTest, SearchesAndKeepsFavourites) {
  add("a red apple", 1);
  add("a blue fish", 2);
  Gallery gallery(history_);
  auto* words = gallery.findChild<QLineEdit*>();
  words->setText("fish");
  EXPECT_EQ(gallery.model().rowCount(), 1);
  words->clear();
  gallery.select(gallery.model().idAt(1));
  gallery.toggleFavourite();
  EXPECT_TRUE(
      gallery.model().data(gallery.model().index(1), GalleryModel::kFavouriteRole).toBool());
  EXPECT_EQ(history_.ids({.favourites = true}).size(), 1u);
  ASSERT_EQ(gallery.selected().size(), 1u);
  EXPECT_EQ(gallery.selected().front().prompt, "a red apple");
}

TEST_F(GalleryTest, TenThousandPicturesAreReadOnlyWhereTheyAreSeen) {
  {
    history::Database database(folder_.path() / "history.sqlite");
    history::Transaction filling(database);
    history::Statement insert(
        database.handle(),
        "INSERT INTO picture (time, file, prompt, record, model, seed, "
        "width, height, thumbnail) VALUES (?, 'f', 'p', '{}', 'm', '1', 8, 8, "
        "x'00')");
    for (std::int64_t k = 0; k < 10'000; ++k) insert.bind(1, k).run();
    filling.commit();
  }
  Gallery gallery(history_);
  gallery.resize(400, 600);
  gallery.show();
  EXPECT_EQ(gallery.model().rowCount(), 10'000);
  QScrollBar* bar = gallery.view()->verticalScrollBar();
  EXPECT_GT(bar->maximum(), 100'000) << "all of them have a place";
  for (int part = 0; part <= 10; ++part) {
    bar->setValue(bar->maximum() / 10 * part);
    gallery.grab();
  }
  SUCCEED();
}

}  // namespace
}  // namespace tessera::gui
