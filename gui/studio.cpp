#include "gui/studio.h"

#include <utility>

#include "core/error.h"
#include "gui/error_text.h"

namespace tessera::gui {
namespace {

// The window waits for the answer: what another process holds is tried again later instead.
constexpr std::chrono::milliseconds kPatience{150};

}  // namespace

Studio::Studio(EngineFactory factory, Paths paths, QObject* parent)
    : QObject(parent),
      paths_(std::move(paths)),
      worker_(new EngineWorker(std::move(factory), paths_)) {
  history::OpenedHistory opened = history::open_or_put_aside(paths_.history, kPatience);
  history_ = std::move(opened.history);
  if (!opened.put_aside.empty()) {
    history_note_ = tr("The history was damaged. It was put aside as %1 and a new one begun; your "
                       "pictures are still where they were.")
                        .arg(QString::fromStdString(opened.put_aside.string()));
  }
  left_ = history_->jobs();
  connectWorker();
  // Queued: the queue tells of its changes while it is still busy with them.
  connect(
      &queue_,
      &JobQueue::changed,
      this,
      [this] {
        saveJobs();
        startNext();
      },
      Qt::QueuedConnection);
  thread_.setObjectName("engine");
  thread_.start();

  constexpr int kLook = 2000;  // ms
  connect(&other_instances_, &QTimer::timeout, this, [this] {
    lookAround();
    if (jobs_unsaved_) saveJobs();
  });
  other_instances_.start(kLook);
}

Studio::~Studio() {
  stop_.request_stop();
  thread_.quit();
  thread_.wait();
}

/// Whether another instance has written. A history that cannot be read is told once, not at every
/// look.
void Studio::lookAround() {
  try {
    if (history_->changed_elsewhere()) Q_EMIT historyChanged();
    look_failed_ = false;
  } catch (const Error& error) {
    if (!std::exchange(look_failed_, true)) Q_EMIT failed(plain_words(error));
  }
}

void Studio::connectWorker() {
  worker_->moveToThread(&thread_);
  connect(&thread_, &QThread::finished, worker_, &QObject::deleteLater);
  connect(this, &Studio::openRequested, worker_, &EngineWorker::open);
  connect(this, &Studio::drawRequested, worker_, &EngineWorker::draw);
  connect(this, &Studio::tokeniseRequested, worker_, &EngineWorker::tokenise);
  connect(this, &Studio::codeRequested, worker_, &EngineWorker::paintCode);
  connect(this, &Studio::rulesChanged, worker_, &EngineWorker::setRules);
  connect(this, &Studio::keepRequested, worker_, &EngineWorker::keepHeld);
  connect(worker_, &EngineWorker::opening, this, &Studio::modelOpening);
  connect(worker_, &EngineWorker::opened, this, [this](const ModelFacts& facts) {
    model_ = facts;
    ready_ = true;
    Q_EMIT modelOpened();
    startNext();
  });
  connect(worker_, &EngineWorker::openFailed, this, [this](const QString& message) {
    model_ = {};
    Q_EMIT modelFailed(message);
  });
  connect(worker_, &EngineWorker::begun, &queue_, &JobQueue::settle);
  connect(worker_,
          &EngineWorker::progressed,
          this,
          [this](std::int64_t job, double share, double seconds) {
            queue_.report(job, share, seconds);
            Q_EMIT progressed(share, seconds);
          });
  connect(worker_, &EngineWorker::warned, this, [this](std::int64_t, const QString& message) {
    Q_EMIT warned(message);
  });
  connect(worker_,
          &EngineWorker::previewed,
          this,
          [this](std::int64_t job, int picture, int step, const QImage& image) {
            startFilm(job, picture);
            film_.add_picture(step, image);
            Q_EMIT filmChanged();
          });
  connect(worker_,
          &EngineWorker::tokensSeen,
          this,
          [this](std::int64_t job, int picture, int step, const engine::TokenGrid& grid) {
            startFilm(job, picture);
            film_.add_tokens(step, grid);
            Q_EMIT filmChanged();
          });
  connect(worker_,
          &EngineWorker::pictureDrawn,
          this,
          [this](std::int64_t job, int picture, int steps, const QImage& image) {
            queue_.pictureDone(job);
            startFilm(job, picture);
            film_.finish(steps, image);
            Q_EMIT filmChanged();
            if (drop_rest_) stop_.request_stop();
          });
  connect(worker_,
          &EngineWorker::pictureKept,
          this,
          [this](std::int64_t, int, std::int64_t entry, const QImage& image) {
            Q_EMIT historyChanged();
            Q_EMIT pictureFinished(entry, image);
          });
  connect(worker_, &EngineWorker::picturesHeld, this, [this](int count, const QString& why) {
    held_ = count;
    Q_EMIT picturesHeldChanged(count, why);
    startNext();
  });
  connect(worker_, &EngineWorker::ended, this, &Studio::onEnded);
  connect(worker_, &EngineWorker::tokenised, this, &Studio::tokenised);
  connect(worker_, &EngineWorker::codePainted, this, &Studio::codePainted);
  connect(worker_, &EngineWorker::failed, this, &Studio::failed);
}

/// The film of a batch shows the picture that was told last.
void Studio::startFilm(std::int64_t job, int picture) {
  if (film_job_ == job && film_picture_ == picture) return;
  film_job_ = job;
  film_picture_ = picture;
  film_.clear();
}

void Studio::openModel(const engine::EngineOptions& options) {
  ready_ = false;
  asked_to_open_ = true;
  options_ = options;
  Q_EMIT openRequested(options);
}

std::int64_t Studio::enqueue(const engine::GenerateRequest& request) {
  return queue_.append(request);
}

std::int64_t Studio::enqueueNext(const engine::GenerateRequest& request) {
  return queue_.prepend(request);
}

void Studio::tellState() {
  if (ready_) Q_EMIT modelOpened();
  if (held_ > 0) Q_EMIT picturesHeldChanged(held_, {});
  if (!film_.empty()) Q_EMIT filmChanged();
}

void Studio::setPreferences(const Preferences& preferences) {
  const Preferences before = std::exchange(preferences_, preferences);
  Q_EMIT rulesChanged({.folder = picturesFolder(),
                       .name = preferences.name,
                       .settings_inside = preferences.settings_inside});
  const bool other_machine =
      before.device != preferences.device || before.threads != preferences.threads;
  if (!other_machine || !asked_to_open_) return;
  engine::EngineOptions options = options_;
  options.device = preferences.device.toStdString();
  options.threads = preferences.threads;
  openModel(options);
}

std::filesystem::path Studio::picturesFolder() const {
  return preferences_.pictures.empty() ? paths_.pictures : preferences_.pictures;
}

void Studio::startNext() {
  if (!ready_ || held_ > 0) return;
  std::optional<Job> job = queue_.take();
  if (!job) return;
  stop_ = {};
  drop_rest_ = false;
  job->request.preview_every = preferences_.preview_every;
  Q_EMIT drawRequested(*job, stop_.get_token());
}

void Studio::cancelRunning() {
  stop_.request_stop();
}

void Studio::cancelAll() {
  queue_.clearWaiting();
  cancelRunning();
}

void Studio::tokenise(const QImage& picture) {
  Q_EMIT tokeniseRequested(picture);
}

void Studio::onEnded(std::int64_t job, JobState state, const QString& message) {
  queue_.end(job, state, message);
  for (const Job& each : queue_.jobs()) {
    if (each.id == job) Q_EMIT jobEnded(Job(each));
  }
}

/// Those that wait and the one that runs, so that a crash loses no request. A request that begins
/// from a picture is not kept: its pixels are not part of its text.
void Studio::saveJobs() {
  std::vector<std::string> requests = left_;
  for (const Job& job : queue_.jobs()) {
    if (job.state != JobState::kWaiting && job.state != JobState::kRunning) continue;
    if (!job.request.start) requests.push_back(engine::to_json(job.request));
  }
  try {
    history_->save_jobs(requests);
    if (std::exchange(jobs_unsaved_, false)) {
      Q_EMIT recovered(tr("The list of jobs is saved again; nothing was lost."));
    }
  } catch (const Error& error) {
    if (std::exchange(jobs_unsaved_, true)) return;  // told already
    Q_EMIT failed(tr("The list of jobs cannot be saved; that is tried again by itself.") + "\n" +
                  plain_words(error));
  }
}

void Studio::resumeJobs() {
  for (const std::string& request : std::exchange(left_, {})) {
    try {
      queue_.append(engine::request_from_json(request));
    } catch (const Error& error) {
      Q_EMIT failed(plain_words(error));
    }
  }
  saveJobs();
  startNext();
}

void Studio::dropJobs() {
  left_.clear();
  saveJobs();
}

}  // namespace tessera::gui
