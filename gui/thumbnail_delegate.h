#pragma once

#include <QStyledItemDelegate>

namespace tessera::gui {

/// A thumbnail of the gallery in its cell, sharp at any scale of the screen, with a star where it
/// is a favourite.
class ThumbnailDelegate final : public QStyledItemDelegate {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(ThumbnailDelegate)

 public:
  static constexpr int kSide = 104;  // of a cell, in device-independent pixels
  using QStyledItemDelegate::QStyledItemDelegate;
  void paint(QPainter* painter,
             const QStyleOptionViewItem& option,
             const QModelIndex& index) const override;
  QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
};

}  // namespace tessera::gui
