#pragma once

#include <QAbstractListModel>
#include <optional>
#include <vector>

#include "gui/job.h"

namespace tessera::gui {

/// The jobs that wait, the one that runs and those that ended in this session, as a list model: a
/// row a job, in the order in which they run. Knows nothing of engines: somebody takes the next job
/// and tells what became of it.
class JobQueue final : public QAbstractListModel {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(JobQueue)

 public:
  enum Role { kJobRole = Qt::UserRole };

  explicit JobQueue(QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

  /// Behind the others, or before those that wait -> the job's id.
  std::int64_t append(engine::GenerateRequest request);
  std::int64_t prepend(engine::GenerateRequest request);

  /// The next waiting job, which is running from now on; absent where none waits, the queue is
  /// paused or one is running.
  std::optional<Job> take();
  /// The running job's request with every value settled, as it is to be repeated after a crash.
  void settle(std::int64_t id, const engine::GenerateRequest& resolved);
  void report(std::int64_t id, double share, double seconds);
  void pictureDone(std::int64_t id);
  void end(std::int64_t id, JobState state, const QString& message);

  /// A waiting job is taken out; nothing happens to others.
  void remove(std::int64_t id);
  void clearWaiting();
  void clearEnded();
  /// Before or behind its neighbour among the waiting ones.
  void moveUp(std::int64_t id);
  void moveDown(std::int64_t id);
  void setPaused(bool paused);
  bool isPaused() const { return paused_; }

  const std::vector<Job>& jobs() const { return jobs_; }
  std::optional<Job> running() const;
  int waiting() const;
  /// Seconds until all is done, by the pace of the running job; absent while there is none.
  std::optional<double> secondsLeft() const;

 Q_SIGNALS:
  /// Jobs came, went or changed their state: something may be to do.
  void changed();

 private:
  std::int64_t insert(engine::GenerateRequest request, int row);
  int rowOf(std::int64_t id) const;
  int firstWaiting() const;
  void touched(int row);
  void swapRows(int upper);

  std::vector<Job> jobs_{};
  std::int64_t next_id_ = 1;
  bool paused_ = false;
};

}  // namespace tessera::gui
