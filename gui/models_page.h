#pragma once

#include <QWidget>
#include <stop_token>
#include <thread>

#include "engine/models.h"

class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QTableWidget;
class QTextBrowser;

namespace tessera::gui {

class Studio;

/// The models on this machine: open one, look at it, delete it, fetch a published one.
class ModelsPage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(ModelsPage)

 public:
  explicit ModelsPage(Studio& studio, QWidget* parent = nullptr);
  ~ModelsPage() override;
  QTableWidget* table() const { return table_; }

 public Q_SLOTS:
  void refresh();

 Q_SIGNALS:
  void failed(const QString& message);
  // From the thread that fetches.
  void pullProgressed(double share, const QString& text);
  void pullEnded(const QString& error);

 protected:
  /// Looks which models there are now: the folders are walked only for a page that is seen.
  void showEvent(QShowEvent* event) override;

 private:
  void openSelected();
  void removeSelected();
  void showDetails();
  void pull();
  const engine::LocalModel* selected() const;

  Studio& studio_;
  std::vector<engine::LocalModel> models_{};
  QTableWidget* table_;
  QTextBrowser* details_;
  QPushButton* open_;
  QPushButton* remove_;
  QLineEdit* repository_;
  QPushButton* pull_;
  QProgressBar* progress_;
  std::jthread puller_{};
};

}  // namespace tessera::gui
