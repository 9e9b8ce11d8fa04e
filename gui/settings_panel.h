#pragma once

#include <QWidget>

#include "gui/engine_worker.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLineEdit;
class QPushButton;
class QSpinBox;
class QToolButton;

namespace tessera::gui {

class PromptEdit;
class SeedField;

/// Which fields of a picture's settings are taken over.
enum class Recall { kAll, kPrompt, kSeed, kAllButSeed };

/// The form on the left: what is to be drawn and how. Shows nothing that the open model cannot do.
class SettingsPanel final : public QWidget {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(SettingsPanel)

 public:
  explicit SettingsPanel(QWidget* parent = nullptr);

  /// Fits the form to a model: its samplers, its own values where the user has set none.
  void setModel(const ModelFacts& facts);
  /// Takes a request of the form; the seed steps on where it is to.
  engine::GenerateRequest takeRequest();
  engine::GenerateRequest request() const;
  void setRequest(const engine::GenerateRequest& request, Recall what);
  void setPromptHistory(const QStringList& prompts);
  void setLastSeed(std::uint64_t seed);
  void setWaiting(int jobs);
  void setCanDraw(bool can);
  /// As JSON text, for the next start of the program.
  QString save() const;
  void restore(const QString& saved);
  PromptEdit* prompt() const { return prompt_; }

 Q_SIGNALS:
  void submitted();

 private:
  QWidget* makePromptPart();
  QWidget* makeAdvancedPart();
  void showSamplers();
  void applyPreset(int index);

  ModelFacts model_{};
  PromptEdit* prompt_;
  PromptEdit* negative_;
  QToolButton* negative_shown_;
  QSpinBox* count_;
  SeedField* seed_;
  QComboBox* preset_;
  QToolButton* advanced_shown_;
  QWidget* advanced_;
  QComboBox* path_;
  QComboBox* sampler_;
  QSpinBox* steps_;
  QDoubleSpinBox* guidance_;
  QLineEdit* truncation_;
  QSpinBox* preview_;
  QCheckBox* literal_;
  QPushButton* generate_;
};

}  // namespace tessera::gui
