#pragma once

#include <QWidget>

#include "gui/gallery_model.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListView;
class QToolButton;

namespace tessera::gui {

/// Everything made so far: thumbnails, a search box, favourites.
class Gallery final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(Gallery)

 public:
  explicit Gallery(history::History& history, QWidget* parent = nullptr);
  GalleryModel& model() { return *model_; }
  /// Rows, in the order of the list.
  std::vector<int> selectedRows() const;
  std::vector<history::Entry> selected() const;
  void select(std::int64_t id);
  /// Whether removeSelected() and removeOthers() ask first. A trash is behind them either way.
  void setAskBeforeDelete(bool ask) { ask_ = ask; }
  /// Actions of the context menu.
  void setMenu(const QList<QAction*>& actions);
  QListView* view() const { return view_; }

 public Q_SLOTS:
  void refresh();
  void toggleFavourite();
  /// Asks where it is to, moves the files to the trash, forgets the entries.
  void removeSelected();
  /// The same for everything but the favourites.
  void removeOthers();

 Q_SIGNALS:
  void selectionChanged();
  /// Double click or Enter.
  void activated(const tessera::history::Entry& entry);
  void failed(const QString& message);

 private:
  void showQuery();
  void showCount();
  void removeEntries(const std::vector<history::Entry>& entries, const QString& question);

  GalleryModel* model_;
  QListView* view_;
  QLineEdit* words_;
  QToolButton* favourites_;
  QComboBox* models_;
  QLabel* count_;
  bool ask_ = true;
};

}  // namespace tessera::gui
