#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "engine/token_grid.h"
#include "gui/token_state.h"

namespace tessera::gui {

/// One picture, fitted or at a whole number of screen pixels a pixel, with the token grid over it
/// when asked for. The wheel zooms about the pointer, dragging moves. Small pictures are enlarged
/// without blur: a pixel stays a pixel.
class PictureView : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(PictureView)

 public:
  explicit PictureView(QWidget* parent = nullptr);

  void setPicture(const QImage& picture);
  const QImage& picture() const { return picture_; }
  /// States and confidences are those of `tokens`' cells.
  void setTokens(const engine::TokenGrid& tokens, const std::vector<TokenState>& states);
  void setTokensShown(bool shown);
  bool tokensShown() const { return tokens_shown_; }
  /// What is said where there is no picture.
  void setPlaceholder(const QString& text);

  QSize sizeHint() const override { return {512, 512}; }
  QSize minimumSizeHint() const override { return {160, 160}; }

 public Q_SLOTS:
  void fit();
  void actualSize();
  void zoomIn();
  void zoomOut();

 Q_SIGNALS:
  /// The pointer is over a cell, or over none (-1).
  void cellHovered(int cell);

 protected:
  void paintEvent(QPaintEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

  /// Where the picture lies in the widget.
  QRectF target() const;
  /// The cell of the token grid under a point, -1 outside.
  int cellAt(QPointF point) const;
  const engine::TokenGrid& tokens() const { return tokens_; }
  /// Draws over the picture; the base draws the tokens.
  virtual void paintOverlay(QPainter& painter, const QRectF& target);

 private:
  double fittingZoom() const;
  void zoomTo(double zoom, QPointF about);

  QImage picture_{};
  engine::TokenGrid tokens_{};
  std::vector<TokenState> states_{};
  bool tokens_shown_ = false;
  QString placeholder_{};
  double zoom_ = 0.0;         // 0 = fitted
  QPointF centre_{0.5, 0.5};  // the picture's point in the middle of the widget, as shares
  QPointF grabbed_{};
};

}  // namespace tessera::gui
