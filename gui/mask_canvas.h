#pragma once

#include <QImage>
#include <vector>

#include "gui/picture_view.h"

namespace tessera::gui {

/// A picture with a mask painted over it: white = draw anew. By brush in pixels, or cell by cell of
/// the token grid. Every stroke can be undone.
class MaskCanvas final : public PictureView {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(MaskCanvas)

 public:
  enum class Tool { kBrush, kEraser, kRectangle };
  explicit MaskCanvas(QWidget* parent = nullptr);

  /// Begins an empty mask of the picture's size. `cell` = pixels of a token's side.
  void begin(const QImage& picture, int cell);
  /// Another's mask, brought to the picture's size; light is white. Can be undone.
  void setMask(const QImage& mask);
  const QImage& mask() const { return mask_; }  // Format_Grayscale8
  bool isEmpty() const;
  /// Cells that any white pixel touches.
  int cellsChosen() const;
  bool canUndo() const { return !undo_.empty(); }
  bool canRedo() const { return !redo_.empty(); }
  int brush() const { return brush_; }

 public Q_SLOTS:
  void setTool(tessera::gui::MaskCanvas::Tool tool) { tool_ = tool; }
  void setBrush(int pixels);
  /// Whole cells of the token grid instead of pixels.
  void setByCells(bool by_cells);
  void invertMask();
  void clearMask();
  void undo();
  void redo();

 Q_SIGNALS:
  void maskChanged();

 protected:
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void paintOverlay(QPainter& painter, const QRectF& area) override;

 private:
  QPointF pixelAt(QPointF point) const;
  void remember();
  void paintLine(QPointF from, QPointF to);
  void fillCells(const QRectF& pixels);

  QImage mask_{};
  int cell_ = 8;
  Tool tool_ = Tool::kBrush;
  int brush_ = 8;
  bool by_cells_ = false;
  bool painting_ = false;
  QPointF last_{};
  QPointF began_{};
  QPointF pointer_{-1, -1};
  std::vector<QImage> undo_{};
  std::vector<QImage> redo_{};
};

}  // namespace tessera::gui
