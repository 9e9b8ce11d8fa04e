#pragma once

#include <QWidget>

#include "gui/training_run.h"

class QChart;
class QComboBox;

namespace tessera::gui {

/// The numbers of a run over its steps: one quantity in training and, where there is one, in
/// validation.
class LossChart final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(LossChart)

 public:
  explicit LossChart(QWidget* parent = nullptr);
  void show(const TrainingRun::Series& series);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void draw();
  void followTheme();
  TrainingRun::Series series_{};
  QComboBox* quantity_;
  QChart* chart_;
};

}  // namespace tessera::gui
