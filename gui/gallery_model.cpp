#include "gui/gallery_model.h"

#include <QDateTime>
#include <QLocale>
#include <QMimeData>
#include <QUrl>
#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "gui/error_text.h"

namespace tessera::gui {
namespace {

constexpr int kItemsInMemory = 600;

QString description_of(const history::Entry& entry) {
  const QString when =
      QLocale().toString(QDateTime::fromMSecsSinceEpoch(entry.time), QLocale::ShortFormat);
  const QString prompt = QString::fromStdString(entry.prompt).toHtmlEscaped();
  return GalleryModel::tr("<b>%1</b><br>seed %2, %3×%4, model %5<br>%6")
      .arg(prompt.isEmpty() ? GalleryModel::tr("(no prompt)") : prompt,
           QString::fromStdString(entry.seed))
      .arg(entry.width)
      .arg(entry.height)
      .arg(QString::fromStdString(entry.model).toHtmlEscaped(), when);
}

}  // namespace

GalleryModel::GalleryModel(history::History& history, QObject* parent)
    : QAbstractListModel(parent), history_(history), cache_(kItemsInMemory) {
  refresh();
}

int GalleryModel::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(ids_.size());
}

const GalleryModel::Item* GalleryModel::item(int row) const {
  if (row < 0 || row >= rowCount()) return nullptr;
  const std::int64_t id = idAt(row);
  if (const Item* known = cache_.object(id)) return known;
  try {
    auto entry = history_.find(id);
    if (!entry) return nullptr;
    auto read = std::make_unique<Item>();
    read->thumbnail.loadFromData(entry->thumbnail.data(),
                                 static_cast<int>(entry->thumbnail.size()));
    std::error_code unreachable;
    read->missing = !std::filesystem::exists(entry->file, unreachable);
    read->entry = std::move(*entry);
    cache_.insert(id, read.release());
    return cache_.object(id);
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
    return nullptr;
  }
}

QVariant GalleryModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  if (role == kIdRole) return QVariant::fromValue<qlonglong>(idAt(index.row()));
  const Item* shown = item(index.row());
  if (shown == nullptr) return {};
  switch (role) {
    case Qt::AccessibleTextRole:
    case Qt::DisplayRole:
      return QString::fromStdString(shown->entry.prompt);
    case Qt::ToolTipRole:
      return description_of(shown->entry);
    case kFileRole:
      return QString::fromStdString(shown->entry.file.string());
    case kFavouriteRole:
      return shown->entry.favourite;
    case kThumbnailRole:
      return shown->thumbnail;
    case kMissingRole:
      return shown->missing;
    default:
      return {};
  }
}

Qt::ItemFlags GalleryModel::flags(const QModelIndex& index) const {
  const Qt::ItemFlags base = QAbstractListModel::flags(index);
  return index.isValid() ? base | Qt::ItemIsDragEnabled : base;
}

QMimeData* GalleryModel::mimeData(const QModelIndexList& indexes) const {
  QList<QUrl> urls;
  for (const QModelIndex& index : indexes) {
    urls.push_back(QUrl::fromLocalFile(data(index, kFileRole).toString()));
  }
  auto* mime = new QMimeData;
  mime->setUrls(urls);
  return mime;
}

void GalleryModel::setQuery(const history::Query& query) {
  query_ = query;
  refresh();
}

void GalleryModel::refresh() {
  std::vector<std::int64_t> now;
  try {
    now = history_.ids(query_);
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
    return;
  }
  // The usual case: some new ones came at the front.
  if (now.size() > ids_.size() && std::equal(ids_.rbegin(), ids_.rend(), now.rbegin())) {
    beginInsertRows({}, 0, static_cast<int>(now.size() - ids_.size()) - 1);
    ids_ = std::move(now);
    endInsertRows();
  } else if (now != ids_) {
    beginResetModel();
    ids_ = std::move(now);
    endResetModel();
  }
}

int GalleryModel::rowOf(std::int64_t id) const {
  const auto found = std::find(ids_.begin(), ids_.end(), id);
  return found == ids_.end() ? -1 : static_cast<int>(found - ids_.begin());
}

std::optional<history::Entry> GalleryModel::entryAt(int row) const {
  const Item* shown = item(row);
  return shown == nullptr ? std::nullopt : std::optional(shown->entry);
}

void GalleryModel::setFavourite(int row, bool favourite) {
  try {
    history_.set_favourite(idAt(row), favourite);
    forget(idAt(row));
    Q_EMIT dataChanged(index(row), index(row));
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
}

}  // namespace tessera::gui
