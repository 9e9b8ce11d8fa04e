#pragma once

#include <QDialog>

#include "gui/preferences.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;
class QSpinBox;

namespace tessera::gui {

class Shortcuts;

/// What is settled for the whole program. An example shows where the next picture would go; what
/// cannot be is told in one line, and cannot be taken over.
class PreferencesDialog final : public QDialog {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(PreferencesDialog)

 public:
  /// `own_folder` is where pictures go when no folder is named.
  PreferencesDialog(const Preferences& now,
                    const QString& own_folder,
                    Shortcuts& shortcuts,
                    QWidget* parent = nullptr);
  Preferences preferences() const;
  QString problem() const;
  QString example() const;

 private:
  QWidget* makePicturesPart();
  QWidget* makeLookPart();
  QWidget* makeMachinePart();
  void fill(const Preferences& preferences);
  void check();

  QString own_folder_;
  QLineEdit* folder_;
  QLineEdit* name_;
  QLabel* fields_;
  QLabel* example_;
  QCheckBox* inside_;
  QCheckBox* ask_;
  QComboBox* theme_;
  QComboBox* language_;
  QComboBox* preview_;
  QComboBox* device_;
  QSpinBox* threads_;
  QLabel* problem_;
  QPushButton* take_;
};

}  // namespace tessera::gui
