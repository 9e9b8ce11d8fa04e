#pragma once

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace tessera::gui {

class MaskCanvas;
class PromptEdit;
class Studio;

/// Changes a part of a picture: paint what is to be drawn anew, say what is to be there. What is
/// not painted stays as it is, pixel for pixel; tokens without paint are locked.
class EditPage final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(EditPage)

 public:
  explicit EditPage(Studio& studio, QWidget* parent = nullptr);
  /// Brought to the model's size. `prompt` is put into the form where it is not empty.
  void load(const QImage& picture, const QString& prompt);
  MaskCanvas& canvas() { return *canvas_; }
  PromptEdit& prompt() { return *prompt_; }

 public Q_SLOTS:
  void openFile();
  void openMask();
  void saveMask();
  void generate();

 Q_SIGNALS:
  void failed(const QString& message);

 private:
  QWidget* makeTools();
  QWidget* makeForm();
  void showState();

  Studio& studio_;
  MaskCanvas* canvas_;
  PromptEdit* prompt_;
  QSpinBox* brush_;
  QDoubleSpinBox* strength_;
  QPushButton* generate_;
  QToolButton* undo_;
  QToolButton* redo_;
  QLabel* state_;
  std::int64_t job_ = 0;  // the last one of this page
};

}  // namespace tessera::gui
