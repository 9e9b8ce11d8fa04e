#include "gui/mask_canvas.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cmath>
#include <utility>

namespace tessera::gui {
namespace {

constexpr std::size_t kStrokesKept = 100;

}  // namespace

MaskCanvas::MaskCanvas(QWidget* parent) : PictureView(parent) {
  setAccessibleName(tr("Picture to change; paint what is to be drawn anew"));
}

void MaskCanvas::begin(const QImage& picture, int cell) {
  setPicture(picture);
  cell_ = std::max(cell, 1);
  mask_ = QImage(picture.size(), QImage::Format_Grayscale8);
  mask_.fill(0);
  undo_.clear();
  redo_.clear();
  Q_EMIT maskChanged();
}

void MaskCanvas::setMask(const QImage& mask) {
  if (mask_.isNull() || mask.isNull()) return;
  remember();
  const QImage fitted =
      mask.convertToFormat(QImage::Format_Grayscale8).scaled(mask_.size(), Qt::IgnoreAspectRatio);
  for (int y = 0; y < mask_.height(); ++y) {
    const uchar* from = fitted.constScanLine(y);
    std::transform(from, from + mask_.width(), mask_.scanLine(y), [](uchar value) {
      return value >= 128 ? uchar{255} : uchar{0};
    });
  }
  update();
  Q_EMIT maskChanged();
}

bool MaskCanvas::isEmpty() const {
  for (int y = 0; y < mask_.height(); ++y) {
    const uchar* row = mask_.constScanLine(y);
    if (std::any_of(row, row + mask_.width(), [](uchar value) { return value >= 128; })) {
      return false;
    }
  }
  return true;
}

int MaskCanvas::cellsChosen() const {
  int chosen = 0;
  for (int top = 0; top < mask_.height(); top += cell_) {
    for (int left = 0; left < mask_.width(); left += cell_) {
      bool any = false;
      for (int y = top; y < std::min(top + cell_, mask_.height()) && !any; ++y) {
        const uchar* row = mask_.constScanLine(y);
        any = std::any_of(row + left, row + std::min(left + cell_, mask_.width()), [](uchar value) {
          return value >= 128;
        });
      }
      chosen += any ? 1 : 0;
    }
  }
  return chosen;
}

void MaskCanvas::remember() {
  undo_.push_back(mask_);
  if (undo_.size() > kStrokesKept) undo_.erase(undo_.begin());
  redo_.clear();
}

void MaskCanvas::setBrush(int pixels) {
  brush_ = std::clamp(pixels, 1, 256);
  update();
}

void MaskCanvas::setByCells(bool by_cells) {
  by_cells_ = by_cells;
  update();
}

void MaskCanvas::invertMask() {
  if (mask_.isNull()) return;
  remember();
  mask_.invertPixels();
  update();
  Q_EMIT maskChanged();
}

void MaskCanvas::clearMask() {
  if (mask_.isNull()) return;
  remember();
  mask_.fill(0);
  update();
  Q_EMIT maskChanged();
}

void MaskCanvas::undo() {
  if (undo_.empty()) return;
  redo_.push_back(std::exchange(mask_, undo_.back()));
  undo_.pop_back();
  update();
  Q_EMIT maskChanged();
}

void MaskCanvas::redo() {
  if (redo_.empty()) return;
  undo_.push_back(std::exchange(mask_, redo_.back()));
  redo_.pop_back();
  update();
  Q_EMIT maskChanged();
}

QPointF MaskCanvas::pixelAt(QPointF point) const {
  const QRectF area = target();
  return {(point.x() - area.x()) / area.width() * mask_.width(),
          (point.y() - area.y()) / area.height() * mask_.height()};
}

void MaskCanvas::fillCells(const QRectF& pixels) {
  const int value = tool_ == Tool::kEraser ? 0 : 255;
  const auto cell_of = [this](double at) { return static_cast<int>(std::floor(at / cell_)); };
  QPainter painter(&mask_);
  for (int row = cell_of(pixels.top()); row <= cell_of(pixels.bottom()); ++row) {
    for (int column = cell_of(pixels.left()); column <= cell_of(pixels.right()); ++column) {
      painter.fillRect(column * cell_, row * cell_, cell_, cell_, QColor(value, value, value));
    }
  }
}

void MaskCanvas::paintLine(QPointF from, QPointF to) {
  if (by_cells_) {
    const double steps = std::max(1.0, std::ceil(QLineF(from, to).length() / cell_ * 2));
    for (double k = 0; k <= steps; ++k) fillCells({from + (to - from) * (k / steps), QSizeF(0, 0)});
    return;
  }
  QPainter painter(&mask_);
  const int value = tool_ == Tool::kEraser ? 0 : 255;
  painter.setPen(
      QPen(QColor(value, value, value), brush_, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  painter.drawLine(from, to);
  painter.drawPoint(to);  // a line without length leaves nothing
}

void MaskCanvas::mousePressEvent(QMouseEvent* event) {
  if (event->button() != Qt::LeftButton || mask_.isNull()) {
    PictureView::mousePressEvent(event);
    return;
  }
  remember();
  painting_ = true;
  began_ = last_ = pixelAt(event->position());
  if (tool_ != Tool::kRectangle) paintLine(last_, last_);
  update();
}

void MaskCanvas::mouseMoveEvent(QMouseEvent* event) {
  pointer_ = event->position();
  if (painting_) {
    const QPointF now = pixelAt(event->position());
    if (tool_ != Tool::kRectangle) paintLine(last_, now);
    last_ = now;
  }
  update();
}

void MaskCanvas::mouseReleaseEvent(QMouseEvent* event) {
  if (!painting_ || event->button() != Qt::LeftButton) return;
  painting_ = false;
  if (tool_ == Tool::kRectangle) {
    const QRectF area = QRectF(began_, last_).normalized();
    if (by_cells_) {
      fillCells(area);
    } else {
      QPainter(&mask_).fillRect(area, Qt::white);
    }
  }
  update();
  Q_EMIT maskChanged();
}

void MaskCanvas::keyPressEvent(QKeyEvent* event) {
  switch (event->key()) {
    case Qt::Key_BracketLeft:
      setBrush(brush_ - std::max(1, brush_ / 5));
      break;
    case Qt::Key_BracketRight:
      setBrush(brush_ + std::max(1, brush_ / 5));
      break;
    case Qt::Key_B:
      setTool(Tool::kBrush);
      break;
    case Qt::Key_E:
      setTool(Tool::kEraser);
      break;
    case Qt::Key_V:
      if (event->modifiers() == Qt::ShiftModifier) invertMask();
      break;
    default:
      PictureView::keyPressEvent(event);
  }
}

void MaskCanvas::paintOverlay(QPainter& painter, const QRectF& area) {
  PictureView::paintOverlay(painter, area);
  if (mask_.isNull()) return;
  // The mask as a veil of the highlight colour.
  QImage veil(mask_.size(), QImage::Format_ARGB32);
  QColor colour = palette().color(QPalette::Highlight);
  for (int y = 0; y < mask_.height(); ++y) {
    const uchar* from = mask_.constScanLine(y);
    auto* to = reinterpret_cast<QRgb*>(veil.scanLine(y));
    for (int x = 0; x < mask_.width(); ++x) {
      to[x] = qRgba(colour.red(), colour.green(), colour.blue(), from[x] >= 128 ? 140 : 0);
    }
  }
  painter.drawImage(area, veil);
  if (by_cells_) {
    painter.setPen(QPen(QColor(127, 127, 127, 120), 0));
    for (int x = 0; x <= mask_.width(); x += cell_) {
      const double at = area.x() + area.width() * x / mask_.width();
      painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()));
    }
    for (int y = 0; y <= mask_.height(); y += cell_) {
      const double at = area.y() + area.height() * y / mask_.height();
      painter.drawLine(QPointF(area.left(), at), QPointF(area.right(), at));
    }
  }
  painter.setPen(QPen(palette().color(QPalette::HighlightedText), 1));
  if (tool_ == Tool::kRectangle && painting_) {
    const double scale = area.width() / mask_.width();
    painter.drawRect(QRectF(area.topLeft() + began_ * scale, area.topLeft() + last_ * scale));
  } else if (!by_cells_ && area.contains(pointer_)) {
    const double radius = brush_ / 2.0 * area.width() / mask_.width();
    painter.drawEllipse(pointer_, radius, radius);
  }
}

}  // namespace tessera::gui
