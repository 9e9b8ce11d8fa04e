#include "gui/image_convert.h"

#include <QBuffer>
#include <QPainter>
#include <algorithm>

namespace tessera::gui {

QImage to_qimage(const engine::Image& image) {
  if (image.empty()) return {};
  return QImage(image.pixels.data(),
                image.width,
                image.height,
                qsizetype{3} * image.width,
                QImage::Format_RGB888)
      .copy();
}

engine::Image to_engine_image(const QImage& image) {
  QImage flat(image.size(), QImage::Format_RGB888);
  flat.fill(Qt::white);
  if (!flat.isNull()) QPainter(&flat).drawImage(QPoint(0, 0), image);
  engine::Image copy{.width = flat.width(), .height = flat.height()};
  const auto row_bytes = static_cast<std::size_t>(flat.width()) * 3;
  copy.pixels.reserve(row_bytes * static_cast<std::size_t>(flat.height()));
  for (int y = 0; y < flat.height(); ++y) {
    const uchar* row = flat.constScanLine(y);
    copy.pixels.insert(copy.pixels.end(), row, row + row_bytes);
  }
  return copy;
}

std::vector<std::uint8_t> thumbnail_of(const QImage& image, int side) {
  const QImage small = image.width() > side || image.height() > side
                           ? image.scaled(side, side, Qt::KeepAspectRatio, Qt::SmoothTransformation)
                           : image;
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  small.save(&buffer, "PNG");
  return {bytes.begin(), bytes.end()};
}

}  // namespace tessera::gui
