#include "gui/job_queue.h"

#include <algorithm>
#include <utility>

namespace tessera::gui {
namespace {

QString state_text(const Job& job) {
  switch (job.state) {
    case JobState::kWaiting:
      return JobQueue::tr("waiting");
    case JobState::kRunning:
      return JobQueue::tr("running, %1 %").arg(static_cast<int>(job.share * 100));
    case JobState::kFinished:
      return JobQueue::tr("finished");
    case JobState::kFailed:
      return JobQueue::tr("failed: %1").arg(job.message);
    case JobState::kCancelled:
      return JobQueue::tr("cancelled");
  }
  return {};
}

QString title_of(const Job& job) {
  const QString prompt = QString::fromStdString(job.request.prompt).simplified();
  const QString words = prompt.isEmpty() ? JobQueue::tr("(no prompt)") : prompt;
  return job.request.count > 1 ? JobQueue::tr("%1  × %2").arg(words).arg(job.request.count) : words;
}

}  // namespace

JobQueue::JobQueue(QObject* parent) : QAbstractListModel(parent) {}

int JobQueue::rowCount(const QModelIndex& parent) const {
  return parent.isValid() ? 0 : static_cast<int>(jobs_.size());
}

QVariant JobQueue::data(const QModelIndex& index, int role) const {
  if (!index.isValid() || index.row() >= rowCount()) return {};
  const Job& job = jobs_[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole:
      return title_of(job) + "\n" + state_text(job);
    case Qt::ToolTipRole:
      return job.message.isEmpty() ? title_of(job) : job.message;
    case Qt::AccessibleTextRole:
      return title_of(job) + ", " + state_text(job);
    case kJobRole:
      return QVariant::fromValue(job);
    default:
      return {};
  }
}

std::int64_t JobQueue::insert(engine::GenerateRequest request, int row) {
  beginInsertRows({}, row, row);
  const std::int64_t id = next_id_++;
  jobs_.insert(jobs_.begin() + row, Job{.id = id, .request = std::move(request)});
  endInsertRows();
  Q_EMIT changed();
  return id;
}

std::int64_t JobQueue::append(engine::GenerateRequest request) {
  return insert(std::move(request), rowCount());
}

std::int64_t JobQueue::prepend(engine::GenerateRequest request) {
  return insert(std::move(request), firstWaiting());
}

int JobQueue::firstWaiting() const {
  const auto waits = [](const Job& job) { return job.state == JobState::kWaiting; };
  return static_cast<int>(std::find_if(jobs_.begin(), jobs_.end(), waits) - jobs_.begin());
}

int JobQueue::rowOf(std::int64_t id) const {
  const auto found =
      std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.id == id; });
  return found == jobs_.end() ? -1 : static_cast<int>(found - jobs_.begin());
}

void JobQueue::touched(int row) {
  Q_EMIT dataChanged(index(row), index(row));
}

std::optional<Job> JobQueue::running() const {
  for (const Job& job : jobs_) {
    if (job.state == JobState::kRunning) return job;
  }
  return {};
}

int JobQueue::waiting() const {
  return static_cast<int>(std::count_if(
      jobs_.begin(), jobs_.end(), [](const Job& job) { return job.state == JobState::kWaiting; }));
}

std::optional<Job> JobQueue::take() {
  const int row = firstWaiting();
  if (paused_ || running() || row == rowCount()) return {};
  Job& job = jobs_[static_cast<std::size_t>(row)];
  job.state = JobState::kRunning;
  touched(row);
  Q_EMIT changed();
  return job;
}

void JobQueue::settle(std::int64_t id, const engine::GenerateRequest& resolved) {
  const int row = rowOf(id);
  if (row < 0) return;
  jobs_[static_cast<std::size_t>(row)].request = resolved;
  touched(row);
  Q_EMIT changed();
}

void JobQueue::report(std::int64_t id, double share, double seconds) {
  const int row = rowOf(id);
  if (row < 0) return;
  Job& job = jobs_[static_cast<std::size_t>(row)];
  job.share = share;
  job.seconds = seconds;
  touched(row);
}

void JobQueue::pictureDone(std::int64_t id) {
  const int row = rowOf(id);
  if (row >= 0) ++jobs_[static_cast<std::size_t>(row)].finished;
}

void JobQueue::end(std::int64_t id, JobState state, const QString& message) {
  const int row = rowOf(id);
  if (row < 0) return;
  Job& job = jobs_[static_cast<std::size_t>(row)];
  job.state = state;
  job.message = message;
  touched(row);
  Q_EMIT changed();
}

void JobQueue::remove(std::int64_t id) {
  const int row = rowOf(id);
  if (row < 0 || jobs_[static_cast<std::size_t>(row)].state != JobState::kWaiting) return;
  beginRemoveRows({}, row, row);
  jobs_.erase(jobs_.begin() + row);
  endRemoveRows();
  Q_EMIT changed();
}

void JobQueue::clearWaiting() {
  beginResetModel();
  std::erase_if(jobs_, [](const Job& job) { return job.state == JobState::kWaiting; });
  endResetModel();
  Q_EMIT changed();
}

void JobQueue::clearEnded() {
  beginResetModel();
  std::erase_if(jobs_, [](const Job& job) {
    return job.state != JobState::kWaiting && job.state != JobState::kRunning;
  });
  endResetModel();
  Q_EMIT changed();
}

/// Swaps a row with the next one.
void JobQueue::swapRows(int upper) {
  beginMoveRows({}, upper + 1, upper + 1, {}, upper);
  std::swap(jobs_[static_cast<std::size_t>(upper)], jobs_[static_cast<std::size_t>(upper) + 1]);
  endMoveRows();
  Q_EMIT changed();
}

void JobQueue::moveUp(std::int64_t id) {
  const int row = rowOf(id);
  if (row > firstWaiting() && jobs_[static_cast<std::size_t>(row)].state == JobState::kWaiting) {
    swapRows(row - 1);
  }
}

void JobQueue::moveDown(std::int64_t id) {
  const int row = rowOf(id);
  if (row >= firstWaiting() && row + 1 < rowCount() &&
      jobs_[static_cast<std::size_t>(row)].state == JobState::kWaiting) {
    swapRows(row);
  }
}

void JobQueue::setPaused(bool paused) {
  paused_ = paused;
  Q_EMIT changed();
}

std::optional<double> JobQueue::secondsLeft() const {
  const std::optional<Job> now = running();
  if (!now || now->share <= 0.0) return {};
  const double whole = now->seconds / now->share;
  const auto work = [](const engine::GenerateRequest& request) {
    return static_cast<double>(request.count) *
           static_cast<double>(std::max<std::int64_t>(request.sampling.steps, 1));
  };
  double left = whole - now->seconds;
  for (const Job& job : jobs_) {
    if (job.state == JobState::kWaiting) left += whole * work(job.request) / work(now->request);
  }
  return left;
}

}  // namespace tessera::gui
