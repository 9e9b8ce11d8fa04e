#include "gui/training_run.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <algorithm>
#include <csignal>

#include "core/atomic_file.h"
#include "core/error.h"

namespace tessera::gui {
namespace fs = std::filesystem;
namespace {

constexpr int kLook = 1000;  // ms
constexpr qint64 kLargestRead = 16 << 20;

QString text_of(const fs::path& path) {
  return QString::fromStdString(path.string());
}

QJsonObject read_object(const fs::path& file) {
  QFile source(text_of(file));
  if (!source.open(QIODevice::ReadOnly)) return {};
  return QJsonDocument::fromJson(source.read(kLargestRead)).object();
}

/// Whether process `pid` is one of ours: numbers are given again to others.
bool is_ours(qint64 pid, const fs::path& folder) {
  QFile command(QString("/proc/%1/cmdline").arg(pid));
  if (pid <= 0 || !command.open(QIODevice::ReadOnly)) return false;
  const QByteArrayList words = command.readAll().split('\0');
  return words.contains("train") && words.contains(text_of(folder).toUtf8());
}

}  // namespace

TrainingRun::TrainingRun(QString program, fs::path folder, QObject* parent)
    : QObject(parent), program_(std::move(program)), folder_(std::move(folder)) {
  connect(&clock_, &QTimer::timeout, this, &TrainingRun::look);
  clock_.start(kLook);
  look();
}

void TrainingRun::launch(const QStringList& arguments) {
  QProcess process;
  process.setProgram(program_);
  process.setArguments(arguments);
  process.setStandardInputFile(QProcess::nullDevice());
  process.setStandardOutputFile(text_of(folder_ / "output.txt"), QIODevice::Append);
  process.setStandardErrorFile(text_of(folder_ / "output.txt"), QIODevice::Append);
  qint64 pid = 0;
  TESSERA_CHECK(process.startDetached(&pid),
                kIo,
                program_.toStdString(),
                ": cannot be started: ",
                process.errorString().toStdString());
  const QJsonObject record{{"pid", pid}, {"program", program_}};
  write_file_atomically(processFile(), QJsonDocument(record).toJson().toStdString());
  stopping_ = false;
  seen_.clear();
  look();
}

void TrainingRun::start(const TrainingPlan& plan) {
  TESSERA_CHECK(!fs::exists(folder_ / "config.json") && !fs::exists(folder_ / "process.json"),
                kInvalidArgument,
                "there is a run named \"",
                plan.name.toStdString(),
                "\" already; choose another name, or resume that one");
  std::error_code failed;
  fs::create_directories(folder_, failed);
  TESSERA_CHECK(!failed, kIo, folder_.string(), ": ", failed.message());
  QStringList arguments{"train", plan.stage, "--out", text_of(folder_), "--device", plan.device};
  const QByteArray configuration = configuration_of(plan);
  if (!configuration.isEmpty()) {
    const fs::path file = folder_.string() + ".json";
    write_file_atomically(file, configuration.toStdString());
    arguments << "--config" << text_of(file);
  }
  if (!plan.data.isEmpty()) arguments << "--data" << plan.data;
  launch(arguments);
}

void TrainingRun::resume() {
  const QString stage = read_object(folder_ / "config.json")["stage"].toString();
  TESSERA_CHECK(!stage.isEmpty(), kNotFound, folder_.string(), ": holds no run to resume");
  if (state() == State::kRunning) return;
  launch({"train", stage, "--out", text_of(folder_), "--resume"});
}

void TrainingRun::pause() {
  const qint64 pid = read_object(processFile())["pid"].toInteger();
  if (!is_ours(pid, folder_)) return;
  stopping_ = true;
  ::kill(static_cast<pid_t>(pid), SIGINT);  // it finishes the step and saves
  Q_EMIT changed();
}

TrainingRun::State TrainingRun::state() const {
  const QJsonObject record = read_object(processFile());
  if (record.isEmpty()) return fs::exists(folder_ / "config.json") ? State::kStopped : State::kNone;
  if (!is_ours(record["pid"].toInteger(), folder_)) return State::kStopped;
  return stopping_ ? State::kStopping : State::kRunning;
}

void TrainingRun::readLog() {
  QFile log(text_of(folder_ / "log.jsonl"));
  if (!log.open(QIODevice::ReadOnly)) return;
  if (log.size() < log_read_) {  // a resumed run drops what came after its checkpoint
    series_.clear();
    log_read_ = 0;
  }
  log.seek(log_read_);
  const QByteArray fresh = log.read(kLargestRead);
  const qsizetype whole = fresh.lastIndexOf('\n') + 1;  // a line may be half written
  log_read_ += whole;
  for (const QByteArray& line : fresh.left(whole).split('\n')) {
    const QJsonObject values = QJsonDocument::fromJson(line).object();
    if (!values.contains("step")) continue;
    step_ = values["step"].toInt();
    for (auto value = values.begin(); value != values.end(); ++value) {
      if (value.key() != "step" && value->isDouble()) {
        series_[value.key()].emplace_back(step_, value->toDouble());
      }
    }
  }
}

void TrainingRun::look() {
  const int before = step_;
  readLog();
  if (steps_ == 0) {
    steps_ = read_object(folder_ / "config.json")["train"].toObject()["steps"].toInt();
  }
  if (step_ != before) {
    constexpr std::size_t kRemembered = 60;
    seen_.emplace_back(QDateTime::currentMSecsSinceEpoch(), step_);
    if (seen_.size() > kRemembered) seen_.erase(seen_.begin());
  }
  Q_EMIT changed();
}

double TrainingRun::pace() const {
  if (seen_.size() < 2) return 0;
  const auto& [first_time, first_step] = seen_.front();
  const auto& [last_time, last_step] = seen_.back();
  return last_time > first_time
             ? 1000.0 * (last_step - first_step) / static_cast<double>(last_time - first_time)
             : 0;
}

QString TrainingRun::newestSample() const {
  const QDir samples(text_of(folder_ / "samples"));
  const QStringList names = samples.entryList({"*.png"}, QDir::Files, QDir::Name);
  return names.isEmpty() ? QString() : samples.filePath(names.back());
}

QString TrainingRun::output() const {
  constexpr qint64 kEnd = 4000;
  QFile output(text_of(folder_ / "output.txt"));
  if (!output.open(QIODevice::ReadOnly)) return {};
  output.seek(std::max<qint64>(0, output.size() - kEnd));
  return QString::fromUtf8(output.readAll());
}

std::vector<fs::path> list_runs(const fs::path& runs) {
  const QDir folder(text_of(runs));
  std::vector<fs::path> found;
  for (const QFileInfo& each :
       folder.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time)) {
    const fs::path run = each.filePath().toStdString();
    if (fs::exists(run / "config.json") || fs::exists(run / "process.json")) found.push_back(run);
  }
  return found;
}

}  // namespace tessera::gui
