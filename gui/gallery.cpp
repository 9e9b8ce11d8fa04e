#include "gui/gallery.h"

#include <QAction>
#include <QComboBox>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMessageBox>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "core/error.h"
#include "gui/error_text.h"
#include "gui/thumbnail_delegate.h"

namespace tessera::gui {

Gallery::Gallery(history::History& history, QWidget* parent)
    : QWidget(parent),
      model_(new GalleryModel(history, this)),
      view_(new QListView(this)),
      words_(new QLineEdit(this)),
      favourites_(new QToolButton(this)),
      models_(new QComboBox(this)),
      count_(new QLabel(this)) {
  words_->setPlaceholderText(tr("Search prompts"));
  words_->setAccessibleName(tr("Search prompts"));
  words_->setClearButtonEnabled(true);
  favourites_->setText("★");
  favourites_->setCheckable(true);
  favourites_->setToolTip(tr("Favourites only"));
  favourites_->setAccessibleName(tr("Favourites only"));
  models_->setAccessibleName(tr("Pictures of which model"));
  models_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  models_->setMinimumContentsLength(8);

  view_->setModel(model_);
  view_->setObjectName("gallery");
  view_->setAccessibleName(tr("Gallery"));
  view_->setItemDelegate(new ThumbnailDelegate(view_));
  view_->setFlow(QListView::LeftToRight);
  view_->setWrapping(true);
  view_->setResizeMode(QListView::Adjust);
  view_->setUniformItemSizes(true);
  view_->setSelectionMode(QAbstractItemView::ExtendedSelection);
  view_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  view_->setDragEnabled(true);
  view_->setDragDropMode(QAbstractItemView::DragOnly);
  view_->setContextMenuPolicy(Qt::ActionsContextMenu);
  view_->setMinimumWidth(2 * ThumbnailDelegate::kSide + 24);

  auto* top = new QHBoxLayout;
  top->addWidget(words_, 1);
  top->addWidget(favourites_);
  auto* below = new QHBoxLayout;
  below->addWidget(models_, 1);
  below->addWidget(count_);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addLayout(below);
  layout->addWidget(view_, 1);

  connect(words_, &QLineEdit::textChanged, this, &Gallery::showQuery);
  connect(favourites_, &QToolButton::toggled, this, &Gallery::showQuery);
  connect(models_, &QComboBox::activated, this, &Gallery::showQuery);
  connect(model_, &GalleryModel::failed, this, &Gallery::failed);
  connect(view_->selectionModel(),
          &QItemSelectionModel::selectionChanged,
          this,
          &Gallery::selectionChanged);
  connect(view_, &QListView::activated, this, [this](const QModelIndex& index) {
    const auto entry = model_->entryAt(index.row());
    if (entry) Q_EMIT activated(*entry);
  });
  refresh();
}

void Gallery::showQuery() {
  model_->setQuery({.words = words_->text().toStdString(),
                    .favourites = favourites_->isChecked(),
                    .model = models_->currentData().toString().toStdString()});
  showCount();
}

void Gallery::showCount() {
  count_->setText(tr("%n picture(s)", nullptr, model_->rowCount()));
}

void Gallery::refresh() {
  const QString chosen = models_->currentData().toString();
  models_->clear();
  models_->addItem(tr("All models"), QString());
  try {
    for (const std::string& name : model_->history().models()) {
      models_->addItem(QString::fromStdString(name), QString::fromStdString(name));
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  models_->setCurrentIndex(std::max(0, models_->findData(chosen)));
  model_->refresh();
  showCount();
}

std::vector<int> Gallery::selectedRows() const {
  std::vector<int> rows;
  for (const QModelIndex& index : view_->selectionModel()->selectedIndexes()) {
    rows.push_back(index.row());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<history::Entry> Gallery::selected() const {
  std::vector<history::Entry> entries;
  for (const int row : selectedRows()) {
    if (auto entry = model_->entryAt(row)) entries.push_back(std::move(*entry));
  }
  return entries;
}

void Gallery::select(std::int64_t id) {
  const int row = model_->rowOf(id);
  if (row < 0) return;
  view_->setCurrentIndex(model_->index(row));
  view_->scrollTo(model_->index(row));
}

void Gallery::setMenu(const QList<QAction*>& actions) {
  view_->addActions(actions);
}

void Gallery::toggleFavourite() {
  for (const int row : selectedRows()) {
    const auto entry = model_->entryAt(row);
    if (entry) model_->setFavourite(row, !entry->favourite);
  }
}

void Gallery::removeSelected() {
  const std::vector<history::Entry> entries = selected();
  removeEntries(entries,
                tr("Move %n picture(s) to the trash?", nullptr, static_cast<int>(entries.size())));
}

void Gallery::removeOthers() {
  std::vector<history::Entry> entries;
  try {
    for (const std::int64_t id : model_->history().ids({})) {
      auto entry = model_->history().find(id);
      if (!entry || entry->favourite) continue;
      entry->thumbnail = {};  // ten thousand of them are a lot of memory
      entries.push_back(std::move(*entry));
    }
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
    return;
  }
  removeEntries(entries,
                tr("Move %n picture(s) to the trash? The favourites are kept.",
                   nullptr,
                   static_cast<int>(entries.size())));
}

void Gallery::removeEntries(const std::vector<history::Entry>& entries, const QString& question) {
  if (entries.empty()) return;
  if (ask_ && QMessageBox::question(this, tr("Delete"), question) != QMessageBox::Yes) return;
  std::vector<std::int64_t> gone;
  QStringList kept;
  for (const history::Entry& entry : entries) {
    const QString file = QString::fromStdString(entry.file.string());
    if (!QFile::exists(file) || QFile::moveToTrash(file)) {
      gone.push_back(entry.id);
    } else {
      kept.push_back(file);
    }
  }
  try {
    model_->history().remove(gone);
  } catch (const Error& error) {
    Q_EMIT failed(plain_words(error));
  }
  refresh();
  if (!kept.isEmpty()) {
    Q_EMIT failed(
        tr("These files could not be moved to the trash and are kept:\n%1").arg(kept.join("\n")));
  }
}

}  // namespace tessera::gui
