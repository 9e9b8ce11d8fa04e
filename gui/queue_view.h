#pragma once

#include <QWidget>

class QListView;
class QToolButton;

namespace tessera::gui {

class Studio;

/// The jobs: what runs, what waits (in an order that can be changed), what became of the others.
class QueueView final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(QueueView)

 public:
  explicit QueueView(Studio& studio, QWidget* parent = nullptr);

 private:
  /// Calls `act` with the selected job's id.
  template <typename Act>
  void withSelected(const Act& act);
  Studio& studio_;
  QListView* view_;
};

}  // namespace tessera::gui
