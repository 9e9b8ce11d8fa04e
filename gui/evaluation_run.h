#pragma once

#include <QJsonObject>
#include <QObject>
#include <QProcess>
#include <QStringList>
#include <filesystem>
#include <vector>

namespace tessera::gui {

/// One or two models on the same captions and seeds.
struct EvaluationPlan {
  QString a{};  // as --model takes it
  QString b{};  // "" = a alone
  int count = 100;
  int seed = 0;
};

/// What one prompt came to.
struct PromptVerdict {
  int index = 0;
  QString prompt{};
  bool right_a = false;
  bool right_b = false;
  QString picture_a{};  // files; "" where there is none
  QString picture_b{};
};

/// `tessera eval compositional` for each model, then `tessera eval compare`: in processes of their
/// own, one after the other, so that they can be stopped at once and the window stays quick.
class EvaluationRun final : public QObject {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(EvaluationRun)

 public:
  /// Records, pictures and the page go into `folder`.
  EvaluationRun(QString program, std::filesystem::path folder, QObject* parent = nullptr);
  ~EvaluationRun() override;

  void start(const EvaluationPlan& plan);
  void stop();
  bool running() const { return process_.state() != QProcess::NotRunning; }
  /// The comparison's JSON (docs/formats/eval.md); of one model, its "metrics" have no "b".
  const QJsonObject& report() const { return report_; }
  /// Worst first: wrong in both, then wrong in one.
  const std::vector<PromptVerdict>& verdicts() const { return verdicts_; }
  QString page() const;  // HTML; "" of one model

 Q_SIGNALS:
  void stage(const QString& text);
  void ended(bool done, const QString& error);

 private:
  void next();
  void finishOne();
  void readVerdicts();
  QString file(const QString& name) const;

  QString program_;
  std::filesystem::path folder_;
  EvaluationPlan plan_{};
  QProcess process_;
  std::vector<std::pair<QString, QStringList>> todo_{};  // (what, arguments)
  bool stopped_ = false;
  QJsonObject report_{};
  QJsonObject report_a_{};
  std::vector<PromptVerdict> verdicts_{};
};

}  // namespace tessera::gui
