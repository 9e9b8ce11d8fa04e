#include "gui/evaluation_run.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>
#include <map>

namespace tessera::gui {
namespace {

constexpr qint64 kLargestFile = 64 << 20;

/// Lines of a file of records, by their index.
std::map<int, QJsonObject> read_records(const QString& name) {
  std::map<int, QJsonObject> records;
  QFile file(name);
  if (!file.open(QIODevice::ReadOnly)) return records;
  for (const QByteArray& line : file.read(kLargestFile).split('\n')) {
    const QJsonObject record = QJsonDocument::fromJson(line).object();
    if (record.contains("index")) records[record["index"].toInt()] = record;
  }
  return records;
}

/// The report of one model in the form of a comparison's.
QJsonObject as_comparison(const QJsonObject& report) {
  QJsonArray metrics;
  const QJsonObject intervals = report["intervals"].toObject();
  for (const char* name :
       {"whole_scene", "object", "colour", "count", "position", "background", "number"}) {
    if (!report[name].isDouble()) continue;
    const QJsonObject interval = intervals[name].toObject();
    metrics.push_back(QJsonObject{
        {"metric", name},
        {"pairs", interval["asked"]},
        {"a",
         QJsonObject{
             {"mean", report[name]}, {"low", interval["low"]}, {"high", interval["high"]}}}});
  }
  return {{"metrics", metrics}, {"pairs", report["samples"]}};
}

}  // namespace

EvaluationRun::EvaluationRun(QString program, std::filesystem::path folder, QObject* parent)
    : QObject(parent), program_(std::move(program)), folder_(std::move(folder)) {
  connect(&process_, &QProcess::finished, this, &EvaluationRun::finishOne);
  connect(&process_, &QProcess::errorOccurred, this, [this](QProcess::ProcessError error) {
    if (error != QProcess::FailedToStart) return;
    todo_.clear();
    Q_EMIT ended(false, tr("%1 cannot be started: %2").arg(program_, process_.errorString()));
  });
}

EvaluationRun::~EvaluationRun() {
  process_.disconnect(this);
  if (running()) {
    process_.kill();
    process_.waitForFinished();
  }
}

QString EvaluationRun::file(const QString& name) const {
  return QString::fromStdString((folder_ / name.toStdString()).string());
}

QString EvaluationRun::page() const {
  return plan_.b.isEmpty() ? QString() : file("compared.html");
}

void EvaluationRun::start(const EvaluationPlan& plan) {
  if (running()) return;
  plan_ = plan;
  stopped_ = false;
  report_ = {};
  verdicts_.clear();
  todo_.clear();
  QDir(QString::fromStdString(folder_.string())).removeRecursively();
  if (!QDir().mkpath(QString::fromStdString(folder_.string()))) {
    Q_EMIT ended(false, tr("%1 cannot be made").arg(QString::fromStdString(folder_.string())));
    return;
  }
  const auto evaluate = [&](const QString& letter, const QString& model) {
    QStringList arguments{"eval",
                          "compositional",
                          "--count",
                          QString::number(plan.count),
                          "--seed",
                          QString::number(plan.seed),
                          "--records",
                          file(letter + ".jsonl"),
                          "--pictures",
                          file(letter),
                          "--json"};
    if (!model.isEmpty()) arguments << "--model" << model;
    todo_.emplace_back(letter == "a" ? tr("the first model") : tr("the second model"), arguments);
  };
  evaluate("a", plan.a);
  if (!plan.b.isEmpty()) {
    evaluate("b", plan.b);
    todo_.emplace_back(tr("the comparison"),
                       QStringList{"eval",
                                   "compare",
                                   file("a.jsonl"),
                                   file("b.jsonl"),
                                   "--html",
                                   file("compared.html"),
                                   "--json"});
  }
  next();
}

void EvaluationRun::next() {
  const auto [what, arguments] = todo_.front();
  todo_.erase(todo_.begin());
  Q_EMIT stage(what);
  process_.start(program_, arguments);
}

void EvaluationRun::stop() {
  stopped_ = true;
  todo_.clear();
  process_.terminate();
}

void EvaluationRun::finishOne() {
  if (stopped_) {
    Q_EMIT ended(false, {});
    return;
  }
  if (process_.exitStatus() != QProcess::NormalExit || process_.exitCode() != 0) {
    todo_.clear();
    const QStringList lines =
        QString::fromUtf8(process_.readAllStandardError()).trimmed().split('\n');
    Q_EMIT ended(false, lines.back());
    return;
  }
  report_ = QJsonDocument::fromJson(process_.readAllStandardOutput()).object();
  if (!todo_.empty()) {
    next();
    return;
  }
  if (plan_.b.isEmpty()) report_ = as_comparison(report_);
  readVerdicts();
  Q_EMIT ended(true, {});
}

void EvaluationRun::readVerdicts() {
  const auto a = read_records(file("a.jsonl"));
  const auto b = read_records(file("b.jsonl"));
  const auto picture = [this](const QJsonObject& record) {
    const QString name = record["picture"].toString();
    return name.isEmpty() ? name : QDir(QString::fromStdString(folder_.string())).filePath(name);
  };
  for (const auto& [index, record] : a) {
    const auto other = b.find(index);
    const bool paired = other != b.end();
    verdicts_.push_back({.index = index,
                         .prompt = record["prompt"].toString(),
                         .right_a = record["whole_scene"].toBool(),
                         .right_b = !paired || other->second["whole_scene"].toBool(),
                         .picture_a = picture(record),
                         .picture_b = paired ? picture(other->second) : QString()});
  }
  const auto right = [](const PromptVerdict& v) { return int{v.right_a} + int{v.right_b}; };
  std::stable_sort(verdicts_.begin(), verdicts_.end(), [&](const auto& x, const auto& y) {
    return right(x) < right(y);
  });
}

}  // namespace tessera::gui
