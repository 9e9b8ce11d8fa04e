#pragma once

#include <QWidget>
#include <filesystem>
#include <memory>

#include "gui/training_run.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;
class QSpinBox;

namespace tessera::gui {

class LossChart;
class PictureView;

/// Trains a codec, a text model, a denoiser or a judge of pictures on a folder of pictures, and
/// watches the runs: they are processes of their own and go on when the window is closed.
class TrainingPage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(TrainingPage)

 public:
  /// `program` is the command line's.
  TrainingPage(QString program, std::filesystem::path runs, QWidget* parent = nullptr);
  TrainingPlan plan() const;
  TrainingRun* run() const { return run_.get(); }

 public Q_SLOTS:
  void start();
  void refreshRuns();

 Q_SIGNALS:
  void failed(const QString& message);

 private:
  QWidget* makeForm();
  QWidget* makeWatch();
  void choose(const std::filesystem::path& folder);
  void showRun();
  void showStage();
  void proposeName();

  QString program_;
  std::filesystem::path runs_;
  std::unique_ptr<TrainingRun> run_;
  QLineEdit* name_;
  QComboBox* stage_;
  QLineEdit* data_;
  QComboBox* vqvae_;
  QComboBox* tokenizer_;
  QSpinBox* resolution_;
  QSpinBox* steps_;
  QSpinBox* batch_;
  QListWidget* list_;
  QPushButton* pause_;
  QPushButton* resume_;
  QProgressBar* progress_;
  QLabel* estimate_;
  LossChart* chart_;
  PictureView* samples_;
  QPlainTextEdit* output_;
  QString sample_shown_{};
};

}  // namespace tessera::gui
