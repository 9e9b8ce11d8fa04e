#pragma once

#include <QObject>
#include <QThread>
#include <QTimer>
#include <memory>
#include <stop_token>

#include "engine/history/history.h"
#include "gui/engine_worker.h"
#include "gui/film.h"
#include "gui/job_queue.h"
#include "gui/paths.h"
#include "gui/picture_name.h"
#include "gui/preferences.h"

namespace tessera::gui {

/// The application without its windows: the engine in its thread, the queue that feeds it, the
/// history, and the film of the picture that is forming. Windows call it and watch its signals.
class Studio final : public QObject {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(Studio)

 public:
  /// Opens the history (a damaged one is put aside: historyNote()) and the engine's thread. Throws
  /// Error where the history can be neither opened nor put aside.
  Studio(EngineFactory factory, Paths paths, QObject* parent = nullptr);
  /// Stops the running job between two steps; jobs that wait are kept for the next start.
  ~Studio() override;

  void openModel(const engine::EngineOptions& options);
  /// Behind the others -> id of the job.
  std::int64_t enqueue(const engine::GenerateRequest& request);
  std::int64_t enqueueNext(const engine::GenerateRequest& request);
  void cancelRunning();
  void cancelAll();
  /// The picture that is being drawn is finished, the rest of its job is dropped.
  void finishPicture() { drop_rest_ = true; }
  void tokenise(const QImage& picture);
  /// Call after showing a preview.
  void previewShown() { worker_->previewTaken(); }

  JobQueue& queue() { return queue_; }
  history::History& history() { return *history_; }
  const Paths& paths() const { return paths_; }
  /// Where pictures go, as the preferences say; a device or number of threads that changed opens
  /// the model anew.
  void setPreferences(const Preferences& preferences);
  std::filesystem::path picturesFolder() const;
  /// Finished pictures that disk or history refuse: they are in memory alone, and no other job
  /// begins before they are kept.
  int picturesHeld() const { return held_; }
  void keepHeld() { Q_EMIT keepRequested(); }
  /// Says again what a window that is made later has to know: model, held pictures, film.
  void tellState();
  const ModelFacts& model() const { return model_; }
  const engine::EngineOptions& options() const { return options_; }
  bool ready() const { return ready_; }
  /// Why the history begins anew; "" = it does not.
  QString historyNote() const { return history_note_; }
  /// Jobs that waited when the program last ended; resumeJobs() takes them up, dropJobs() forgets.
  int jobsLeft() const { return static_cast<int>(left_.size()); }
  void resumeJobs();
  void dropJobs();

  /// Of the picture that is being drawn, or the last one.
  const Film& film() const { return film_; }

 Q_SIGNALS:
  void modelOpening();
  void modelOpened();
  void modelFailed(const QString& message);
  void progressed(double share, double seconds);
  void warned(const QString& message);
  /// The film has another frame, or is another picture's.
  void filmChanged();
  /// It is on the disk and in the history.
  void pictureFinished(std::int64_t entry, const QImage& image);
  void picturesHeldChanged(int count, const QString& why);
  void jobEnded(const tessera::gui::Job& job);
  /// Pictures came or went, here or in another instance.
  void historyChanged();
  void tokenised(const tessera::gui::Tokenised& result);
  /// An answer to codeRequested(); null where it cannot be painted.
  void codePainted(int code, const QImage& image);
  void failed(const QString& message);
  /// What failed before works again.
  void recovered(const QString& message);
  // To the worker, through its event loop.
  void openRequested(const tessera::engine::EngineOptions& options);
  void drawRequested(const tessera::gui::Job& job, const std::stop_token& stop);
  void tokeniseRequested(const QImage& picture);
  void codeRequested(int code, int codes);
  void rulesChanged(const tessera::gui::KeepingRules& rules);
  void keepRequested();

 private:
  void connectWorker();
  void startNext();
  void saveJobs();
  void lookAround();
  void startFilm(std::int64_t job, int picture);
  void onEnded(std::int64_t job, JobState state, const QString& message);

  Paths paths_;
  std::unique_ptr<history::History> history_;
  QString history_note_{};
  std::vector<std::string> left_{};  // requests as JSON
  EngineWorker* worker_;             // of thread_, which deletes it
  QThread thread_;
  JobQueue queue_;
  std::stop_source stop_{};  // of the running job
  bool drop_rest_ = false;   // of the running job, after the picture that is being drawn
  int held_ = 0;
  bool jobs_unsaved_ = false;
  bool look_failed_ = false;
  Preferences preferences_{.name = kOwnPictureName};
  ModelFacts model_{};
  engine::EngineOptions options_{};
  bool ready_ = false;
  bool asked_to_open_ = false;
  Film film_{};
  std::int64_t film_job_ = 0;
  int film_picture_ = -1;
  QTimer other_instances_;
};

}  // namespace tessera::gui
