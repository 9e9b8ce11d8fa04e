#include "gui/thumbnail_delegate.h"

#include <QPainter>

#include "gui/gallery_model.h"

namespace tessera::gui {

QSize ThumbnailDelegate::sizeHint(const QStyleOptionViewItem& /*option*/,
                                  const QModelIndex& /*index*/) const {
  return {kSide, kSide};
}

void ThumbnailDelegate::paint(QPainter* painter,
                              const QStyleOptionViewItem& option,
                              const QModelIndex& index) const {
  painter->save();
  const QRect cell = option.rect.adjusted(4, 4, -4, -4);
  const auto picture = index.data(GalleryModel::kThumbnailRole).value<QImage>();
  if (picture.isNull()) {
    painter->fillRect(cell, option.palette.color(QPalette::Mid));
  } else {
    const QSize size = picture.size().scaled(cell.size(), Qt::KeepAspectRatio);
    const QRect at(cell.center() - QPoint(size.width() / 2, size.height() / 2), size);
    painter->setRenderHint(QPainter::SmoothPixmapTransform, size.width() < picture.width());
    painter->setOpacity(index.data(GalleryModel::kMissingRole).toBool() ? 0.35 : 1.0);
    painter->drawImage(at, picture);
    painter->setOpacity(1.0);
  }
  if ((option.state & QStyle::State_Selected) != 0) {
    painter->setPen(QPen(option.palette.color(QPalette::Highlight), 3));
    painter->drawRect(option.rect.adjusted(2, 2, -3, -3));
  } else if ((option.state & QStyle::State_HasFocus) != 0) {
    painter->setPen(QPen(option.palette.color(QPalette::Highlight), 1, Qt::DashLine));
    painter->drawRect(option.rect.adjusted(2, 2, -3, -3));
  }
  if (index.data(GalleryModel::kFavouriteRole).toBool()) {
    const QRect corner(cell.right() - 20, cell.top(), 20, 20);
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setBrush(QColor(0, 0, 0, 150));
    painter->setPen(Qt::NoPen);
    painter->drawEllipse(corner);
    painter->setPen(QColor(0xFF, 0xD0, 0x40));
    painter->drawText(corner, Qt::AlignCenter, "★");
  }
  painter->restore();
}

}  // namespace tessera::gui
