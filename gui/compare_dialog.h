#pragma once

#include <QDialog>

#include "engine/history/history.h"

class QSlider;
class QTableWidget;

namespace tessera::gui {

class PairView;

/// Two pictures beside each other, one over the other with a dividing line, or their difference;
/// and the settings in which they differ.
class CompareDialog final : public QDialog {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(CompareDialog)

 public:
  CompareDialog(const history::Entry& left, const history::Entry& right, QWidget* parent = nullptr);
  /// Rows "setting, left, right" of what differs.
  QTableWidget* differences() const { return differences_; }

 private:
  void fillDifferences(const history::Entry& left, const history::Entry& right);
  PairView* view_;
  QTableWidget* differences_;
};

}  // namespace tessera::gui
