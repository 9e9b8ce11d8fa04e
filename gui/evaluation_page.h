#pragma once

#include <QWidget>

#include "gui/evaluation_run.h"

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTableWidget;

namespace tessera::gui {

class PictureView;

/// How well a model's pictures say what the prompts say, beside a second model; worst prompts
/// first.
class EvaluationPage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(EvaluationPage)

 public:
  EvaluationPage(const QString& program,
                 const std::filesystem::path& folder,
                 QWidget* parent = nullptr);
  QTableWidget* scores() const { return scores_; }
  QTableWidget* prompts() const { return prompts_; }
  EvaluationRun& run() { return run_; }

 public Q_SLOTS:
  void start();
  void refreshModels();

 Q_SIGNALS:
  void failed(const QString& message);

 protected:
  /// Looks which models there are now: the folders are walked only for a page that is seen.
  void showEvent(QShowEvent* event) override;

 private:
  void showReport();
  void showPictures();

  EvaluationRun run_;
  QComboBox* a_;
  QComboBox* b_;
  QSpinBox* count_;
  QSpinBox* seed_;
  QPushButton* start_;
  QPushButton* stop_;
  QPushButton* page_;
  QProgressBar* busy_;
  QTableWidget* scores_;
  QTableWidget* prompts_;
  PictureView* picture_a_;
  PictureView* picture_b_;
};

}  // namespace tessera::gui
