#pragma once

#include <QWidget>
#include <optional>

#include "gui/engine_worker.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
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

  /// Fits the form to a model: its size, paths and samplers, and its own values, but those of the
  /// last start where that was the same model.
  void setModel(const ModelFacts& facts);
  /// Takes a request of the form; the seed steps on where it is to.
  engine::GenerateRequest takeRequest();
  engine::GenerateRequest request() const;
  void setRequest(const engine::GenerateRequest& request, Recall what);
  void setPromptHistory(const QStringList& prompts);
  /// Those with a star: whether the one that is written has one is shown beside it.
  void setStarredPrompts(const QStringList& prompts);
  void setLastSeed(std::uint64_t seed);
  void setWaiting(int jobs);
  void setCanDraw(bool can);
  /// As JSON text, for the next start of the program.
  QString save() const;
  void restore(const QString& saved);
  PromptEdit* prompt() const { return prompt_; }

 Q_SIGNALS:
  void submitted();
  /// The prompt that is written is to be a favourite, or no longer.
  void starAsked(const QString& prompt, bool starred);
  /// Favourite and earlier prompts are to be shown.
  void promptsAsked();

 private:
  QWidget* makePromptHead();
  QWidget* makePromptPart();
  QWidget* makeAdvancedPart();
  /// The samplers and own values of the chosen path.
  void showPath();
  void showStar();
  void setSampling(const SampleOptions& sampling);
  void applyPreset(int index);

  ModelFacts model_{};
  PromptEdit* prompt_;
  PromptEdit* negative_;
  QToolButton* star_;
  QToolButton* negative_shown_;
  QLabel* size_;
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
  QDoubleSpinBox* eta_;
  QCheckBox* literal_;
  QPushButton* generate_;
  QFormLayout* sampling_form_ = nullptr;
  QStringList starred_{};
  std::optional<SampleOptions> last_sampling_{};  // of the last start, until its model is open
  QString last_model_{};
};

}  // namespace tessera::gui
