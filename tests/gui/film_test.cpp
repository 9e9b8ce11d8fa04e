#include "gui/film.h"

#include <gtest/gtest.h>

namespace tessera::gui {
namespace {

QImage filled(int grey) {
  QImage image(4, 4, QImage::Format_RGB888);
  image.fill(QColor(grey, grey, grey));
  return image;
}

engine::TokenGrid tokens(std::int32_t code) {
  return {.width = 1, .height = 1, .codes = 9, .cells = {code}};
}

TEST(Film, KeepsStepsInOrderHoweverTheyCome) {
  Film film;
  film.add_tokens(2, tokens(2));
  film.add_picture(1, filled(1));
  film.add_tokens(1, tokens(1));
  film.finish(4, filled(4));
  ASSERT_EQ(film.size(), 3);
  EXPECT_EQ(film.frame(0).step, 1);
  EXPECT_EQ(film.frame(1).step, 2);
  EXPECT_EQ(film.frame(2).step, 4);
  EXPECT_EQ(film.picture_at(0), filled(1));
  EXPECT_EQ(film.picture_at(1), filled(1)) << "the newest one before";
  EXPECT_EQ(film.picture_at(2), filled(4));
  EXPECT_EQ(film.tokens_before(1), tokens(1));
  EXPECT_TRUE(film.tokens_before(0).cells.empty());
}

TEST(Film, OfNoStepHasNoPicture) {
  EXPECT_TRUE(Film().empty());
  EXPECT_TRUE(Film().picture_at(0).isNull());
}

}  // namespace
}  // namespace tessera::gui
