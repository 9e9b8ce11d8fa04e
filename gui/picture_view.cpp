#include "gui/picture_view.h"

#include <QContextMenuEvent>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>
#include <algorithm>
#include <cmath>

#include "gui/token_painter.h"

namespace tessera::gui {

PictureView::PictureView(QWidget* parent) : QWidget(parent) {
  setMouseTracking(true);
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Picture"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  setContextMenuPolicy(Qt::DefaultContextMenu);
}

void PictureView::setPicture(const QImage& picture) {
  const bool same_size = picture.size() == picture_.size();
  picture_ = picture;
  if (!same_size) fit();
  update();
}

void PictureView::setTokens(const engine::TokenGrid& tokens,
                            const std::vector<TokenState>& states) {
  tokens_ = tokens;
  states_ = states;
  if (tokens_shown_) update();
}

void PictureView::setTokensShown(bool shown) {
  tokens_shown_ = shown;
  update();
}

void PictureView::setPlaceholder(const QString& text) {
  placeholder_ = text;
  update();
}

double PictureView::fittingZoom() const {
  if (picture_.isNull()) return 1.0;
  return std::min(static_cast<double>(width()) / picture_.width(),
                  static_cast<double>(height()) / picture_.height());
}

QRectF PictureView::target() const {
  const double zoom = zoom_ > 0 ? zoom_ / devicePixelRatioF() : fittingZoom();
  const QSizeF size(picture_.width() * zoom, picture_.height() * zoom);
  if (zoom_ <= 0) {
    return {{(width() - size.width()) / 2, (height() - size.height()) / 2}, size};
  }
  return {
      {width() / 2.0 - centre_.x() * size.width(), height() / 2.0 - centre_.y() * size.height()},
      size};
}

int PictureView::cellAt(QPointF point) const {
  const QRectF area = target();
  if (tokens_.cells.empty() || !area.contains(point)) return -1;
  const auto along = [](double at, double length, int cells) {
    return std::clamp(static_cast<int>(at / length * cells), 0, cells - 1);
  };
  const int column = along(point.x() - area.x(), area.width(), tokens_.width);
  const int row = along(point.y() - area.y(), area.height(), tokens_.height);
  return row * tokens_.width + column;
}

void PictureView::fit() {
  zoom_ = 0.0;
  centre_ = {0.5, 0.5};
  update();
}

void PictureView::actualSize() {
  zoomTo(1.0, rect().center());
}

void PictureView::zoomIn() {
  zoomTo((zoom_ > 0 ? zoom_ : fittingZoom() * devicePixelRatioF()) * 1.25, rect().center());
}

void PictureView::zoomOut() {
  zoomTo((zoom_ > 0 ? zoom_ : fittingZoom() * devicePixelRatioF()) / 1.25, rect().center());
}

/// The picture's point under `about` stays there.
void PictureView::zoomTo(double zoom, QPointF about) {
  if (picture_.isNull()) return;
  const QRectF before = target();
  const QPointF share((about.x() - before.x()) / before.width(),
                      (about.y() - before.y()) / before.height());
  constexpr double kLeast = 0.05;
  constexpr double kMost = 64.0;
  zoom_ = std::clamp(zoom, kLeast, kMost);
  const double scale = zoom_ / devicePixelRatioF();
  const QPointF away = about - QPointF(width() / 2.0, height() / 2.0);
  centre_ = {share.x() - away.x() / (picture_.width() * scale),
             share.y() - away.y() / (picture_.height() * scale)};
  update();
}

void PictureView::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.fillRect(rect(), palette().color(QPalette::Base));
  if (picture_.isNull()) {
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(
        rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap, placeholder_);
    return;
  }
  const QRectF area = target();
  painter.setRenderHint(QPainter::SmoothPixmapTransform, area.width() < picture_.width());
  painter.drawImage(area, picture_);
  paintOverlay(painter, area);
  if (hasFocus()) {
    painter.setPen(palette().color(QPalette::Highlight));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
  }
}

void PictureView::paintOverlay(QPainter& painter, const QRectF& area) {
  if (tokens_shown_) paint_tokens(painter, area, tokens_, states_);
}

void PictureView::wheelEvent(QWheelEvent* event) {
  const double turns = event->angleDelta().y() / 120.0;
  const double now = zoom_ > 0 ? zoom_ : fittingZoom() * devicePixelRatioF();
  zoomTo(now * std::pow(1.25, turns), event->position());
}

void PictureView::mousePressEvent(QMouseEvent* event) {
  grabbed_ = event->position();
}

void PictureView::mouseMoveEvent(QMouseEvent* event) {
  if ((event->buttons() & Qt::LeftButton) != 0 && zoom_ > 0) {
    const QRectF area = target();
    const QPointF moved = event->position() - grabbed_;
    centre_ -= QPointF(moved.x() / area.width(), moved.y() / area.height());
    grabbed_ = event->position();
    update();
  }
  Q_EMIT cellHovered(cellAt(event->position()));
}

void PictureView::leaveEvent(QEvent* /*event*/) {
  Q_EMIT cellHovered(-1);
}

void PictureView::contextMenuEvent(QContextMenuEvent* event) {
  if (!actions().isEmpty()) QMenu::exec(actions(), event->globalPos(), nullptr, this);
}

}  // namespace tessera::gui
