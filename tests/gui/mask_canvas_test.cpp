#include "gui/mask_canvas.h"

#include <QTest>

#include <gtest/gtest.h>

namespace tessera::gui {
namespace {

/// A canvas of 4x4 cells of 8 pixels, shown at ten screen pixels a pixel.
class MaskCanvasTest : public ::testing::Test {
 protected:
  MaskCanvasTest() {
    QImage picture(32, 32, QImage::Format_RGB888);
    picture.fill(Qt::gray);
    canvas_.resize(320, 320);
    canvas_.begin(picture, 8);
  }
  void stroke(QPoint from, QPoint to) {
    QTest::mousePress(&canvas_, Qt::LeftButton, {}, from * 10);
    QTest::mouseMove(&canvas_, (from + to) * 5);
    QTest::mouseMove(&canvas_, to * 10);
    QTest::mouseRelease(&canvas_, Qt::LeftButton, {}, to * 10);
  }
  int white() const {
    int pixels = 0;
    for (int y = 0; y < 32; ++y) {
      for (int x = 0; x < 32; ++x) pixels += qGray(canvas_.mask().pixel(x, y)) >= 128 ? 1 : 0;
    }
    return pixels;
  }
  MaskCanvas canvas_;
};

TEST_F(MaskCanvasTest, PaintsAndErases) {
  EXPECT_TRUE(canvas_.isEmpty());
  canvas_.setBrush(4);
  stroke({4, 16}, {28, 16});
  EXPECT_FALSE(canvas_.isEmpty());
  EXPECT_NEAR(white(), 24 * 4 + 12, 20) << "a line of 24 pixels by 4, with round ends";
  canvas_.setTool(MaskCanvas::Tool::kEraser);
  canvas_.setBrush(64);
  stroke({4, 16}, {28, 16});
  EXPECT_TRUE(canvas_.isEmpty());
}

TEST_F(MaskCanvasTest, ChoosesWholeCells) {
  canvas_.setByCells(true);
  stroke({12, 4}, {12, 4});
  EXPECT_EQ(white(), 64);
  EXPECT_EQ(canvas_.cellsChosen(), 1);
  canvas_.setTool(MaskCanvas::Tool::kRectangle);
  stroke({1, 1}, {14, 14});
  EXPECT_EQ(canvas_.cellsChosen(), 4);
  EXPECT_EQ(white(), 4 * 64);
}

TEST_F(MaskCanvasTest, TakesAMaskFromAFileAndGivesItBack) {
  QImage mask(8, 8, QImage::Format_RGB888);  // of another size
  mask.fill(Qt::black);
  mask.setPixelColor(1, 0, QColor(200, 200, 200));
  mask.setPixelColor(6, 6, QColor(90, 90, 90));  // too dark to count
  canvas_.setMask(mask);
  EXPECT_EQ(white(), 16);
  EXPECT_EQ(qGray(canvas_.mask().pixel(5, 1)), 255);
  canvas_.undo();
  EXPECT_TRUE(canvas_.isEmpty());
  canvas_.setMask({});
  EXPECT_FALSE(canvas_.canUndo()) << "no picture, no stroke";
}

TEST_F(MaskCanvasTest, APixelChoosesItsCell) {
  canvas_.setBrush(1);
  stroke({20, 20}, {20, 20});
  EXPECT_EQ(canvas_.cellsChosen(), 1);
}

TEST_F(MaskCanvasTest, EveryStrokeCanBeUndoneAndDoneAgain) {
  canvas_.setByCells(true);
  stroke({4, 4}, {4, 4});
  stroke({20, 20}, {20, 20});
  canvas_.invertMask();
  EXPECT_EQ(canvas_.cellsChosen(), 14);
  canvas_.undo();
  EXPECT_EQ(canvas_.cellsChosen(), 2);
  canvas_.undo();
  EXPECT_EQ(canvas_.cellsChosen(), 1);
  canvas_.redo();
  canvas_.redo();
  EXPECT_EQ(canvas_.cellsChosen(), 14);
  EXPECT_FALSE(canvas_.canRedo());
  canvas_.undo();
  stroke({28, 28}, {28, 28});
  EXPECT_FALSE(canvas_.canRedo()) << "a new stroke begins a new story";
  while (canvas_.canUndo()) canvas_.undo();
  EXPECT_TRUE(canvas_.isEmpty());
}

TEST_F(MaskCanvasTest, TheBrushFollowsTheKeys) {
  canvas_.setBrush(10);
  QTest::keyClick(&canvas_, Qt::Key_BracketRight);
  EXPECT_GT(canvas_.brush(), 10);
  QTest::keyClick(&canvas_, Qt::Key_BracketLeft);
  QTest::keyClick(&canvas_, Qt::Key_BracketLeft);
  EXPECT_LT(canvas_.brush(), 11);
}

}  // namespace
}  // namespace tessera::gui
