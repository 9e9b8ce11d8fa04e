#pragma once

#include <QImage>
#include <QWidget>

namespace tessera::gui {

/// Two pictures in one place.
class PairView final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(PairView)

 public:
  enum Mode { kSideBySide, kSlider, kDifference };
  PairView(QImage left, QImage right, QWidget* parent = nullptr);
  QSize sizeHint() const override { return {720, 360}; }

 public Q_SLOTS:
  void setMode(int mode);
  void swap();

 protected:
  void paintEvent(QPaintEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  void setDivision(double share);
  QImage left_;
  QImage right_;
  QImage difference_;
  int mode_ = kSideBySide;
  double division_ = 0.5;
};

/// |a - b| of every value, stretched so that the largest is white; of two sizes: null.
QImage difference_of(const QImage& a, const QImage& b);

}  // namespace tessera::gui
