#pragma once

#include <QObject>
#include <QPointF>
#include <QString>
#include <QTimer>
#include <filesystem>
#include <map>
#include <vector>

#include "gui/training_plan.h"

namespace tessera::gui {

/// One run of `tessera train`, in a process of its own that outlives the window. Started, paused
/// (it finishes its step and saves) and resumed; its log is read as it grows.
class TrainingRun final : public QObject {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(TrainingRun)

 public:
  enum class State { kNone, kRunning, kStopping, kStopped };
  using Series = std::map<QString, std::vector<QPointF>>;  // name -> (step, value)

  /// `program` is the command line's, beside this one. The folder need not exist yet.
  TrainingRun(QString program, std::filesystem::path folder, QObject* parent = nullptr);

  /// Throws Error (kInvalidArgument) where the folder holds a run, kIo where it cannot be written
  /// or the program cannot be started.
  void start(const TrainingPlan& plan);
  void resume();
  void pause();

  State state() const;
  const std::filesystem::path& folder() const { return folder_; }
  const Series& series() const { return series_; }
  int step() const { return step_; }
  int steps() const { return steps_; }
  /// Steps a second over the last minute of the log; 0 = unknown.
  double pace() const;
  /// The newest sheet of samples; "" = none yet.
  QString newestSample() const;
  /// The end of what the process printed.
  QString output() const;

 public Q_SLOTS:
  /// Reads what is new; told by changed().
  void look();

 Q_SIGNALS:
  void changed();

 private:
  void launch(const QStringList& arguments);
  void readLog();
  std::filesystem::path processFile() const { return folder_ / "process.json"; }

  QString program_;
  std::filesystem::path folder_;
  QTimer clock_;
  Series series_{};
  qint64 log_read_ = 0;  // bytes
  int step_ = 0;
  int steps_ = 0;
  bool stopping_ = false;
  std::vector<std::pair<qint64, int>> seen_{};  // (ms, step)
};

/// Folders of runs under `runs`, newest first.
std::vector<std::filesystem::path> list_runs(const std::filesystem::path& runs);

}  // namespace tessera::gui
