#pragma once

#include <QAbstractListModel>
#include <QCache>
#include <QImage>
#include <vector>

#include "engine/history/history.h"

namespace tessera::gui {

/// The pictures of the history that match a query, newest first. Only ids are held for all of them;
/// an entry is read when it is first shown, so that ten thousand cost no more than ten.
class GalleryModel final : public QAbstractListModel {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(GalleryModel)

 public:
  enum Role { kIdRole = Qt::UserRole, kFileRole, kFavouriteRole, kThumbnailRole, kMissingRole };

  explicit GalleryModel(history::History& history, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;
  QMimeData* mimeData(const QModelIndexList& indexes) const override;
  QStringList mimeTypes() const override { return {"text/uri-list"}; }

  void setQuery(const history::Query& query);
  /// Looks at the history again; rows that are still there keep their place and selection.
  void refresh();
  std::int64_t idAt(int row) const { return ids_.at(static_cast<std::size_t>(row)); }
  int rowOf(std::int64_t id) const;
  /// Absent where it was removed meanwhile.
  std::optional<history::Entry> entryAt(int row) const;
  void setFavourite(int row, bool favourite);
  void forget(std::int64_t id) { cache_.remove(id); }
  history::History& history() { return history_; }

 Q_SIGNALS:
  void failed(const QString& message) const;

 private:
  struct Item {
    history::Entry entry{};
    QImage thumbnail{};
    bool missing = false;  // its file was moved or deleted by others
  };
  const Item* item(int row) const;

  history::History& history_;
  history::Query query_{};
  std::vector<std::int64_t> ids_{};
  mutable QCache<std::int64_t, Item> cache_;
};

}  // namespace tessera::gui
