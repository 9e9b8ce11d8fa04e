#include "gui/pair_view.h"

#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tessera::gui {

QImage difference_of(const QImage& a, const QImage& b) {
  if (a.size() != b.size() || a.isNull()) return {};
  const QImage left = a.convertToFormat(QImage::Format_RGB888);
  const QImage right = b.convertToFormat(QImage::Format_RGB888);
  QImage result(a.size(), QImage::Format_RGB888);
  int largest = 1;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < 3 * a.width(); ++x) {
      const int distance = std::abs(left.constScanLine(y)[x] - right.constScanLine(y)[x]);
      result.scanLine(y)[x] = static_cast<uchar>(distance);
      largest = std::max(largest, distance);
    }
  }
  for (int y = 0; y < a.height(); ++y) {
    uchar* row = result.scanLine(y);
    for (int x = 0; x < 3 * a.width(); ++x) row[x] = static_cast<uchar>(row[x] * 255 / largest);
  }
  return result;
}

PairView::PairView(QImage left, QImage right, QWidget* parent)
    : QWidget(parent),
      left_(std::move(left)),
      right_(std::move(right)),
      difference_(difference_of(left_, right_)) {
  setFocusPolicy(Qt::StrongFocus);
  setAccessibleName(tr("Two pictures"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void PairView::setMode(int mode) {
  mode_ = mode;
  update();
}

void PairView::swap() {
  std::swap(left_, right_);
  update();
}

void PairView::setDivision(double share) {
  division_ = std::clamp(share, 0.0, 1.0);
  update();
}

namespace {

QRectF fitted(const QSize& picture, const QRectF& area) {
  const QSizeF size = QSizeF(picture).scaled(area.size(), Qt::KeepAspectRatio);
  return {area.center() - QPointF(size.width() / 2, size.height() / 2), size};
}

}  // namespace

void PairView::paintEvent(QPaintEvent* /*event*/) {
  QPainter painter(this);
  painter.fillRect(rect(), palette().color(QPalette::Base));
  const QRectF all = rect();
  if (mode_ == kSideBySide) {
    const double half = all.width() / 2;
    painter.drawImage(fitted(left_.size(), {0, 0, half - 4, all.height()}), left_);
    painter.drawImage(fitted(right_.size(), {half + 4, 0, half - 4, all.height()}), right_);
  } else if (mode_ == kDifference) {
    if (difference_.isNull()) {
      painter.drawText(rect(), Qt::AlignCenter, tr("The pictures have different sizes."));
    } else {
      painter.drawImage(fitted(difference_.size(), all), difference_);
    }
  } else {
    const QRectF area = fitted(left_.size(), all);
    painter.drawImage(area, right_);
    const double at = area.x() + area.width() * division_;
    painter.setClipRect(QRectF(area.topLeft(), QPointF(at, area.bottom())));
    painter.drawImage(area, left_);
    painter.setClipping(false);
    painter.setPen(QPen(palette().color(QPalette::Highlight), 2));
    painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()));
  }
}

void PairView::mousePressEvent(QMouseEvent* event) {
  mouseMoveEvent(event);
}

void PairView::mouseMoveEvent(QMouseEvent* event) {
  const QRectF area = fitted(left_.size(), rect());
  setDivision((event->position().x() - area.x()) / area.width());
}

void PairView::keyPressEvent(QKeyEvent* event) {
  constexpr double kStep = 0.02;
  if (event->key() == Qt::Key_Left) {
    setDivision(division_ - kStep);
  } else if (event->key() == Qt::Key_Right) {
    setDivision(division_ + kStep);
  } else {
    QWidget::keyPressEvent(event);
  }
}

}  // namespace tessera::gui
