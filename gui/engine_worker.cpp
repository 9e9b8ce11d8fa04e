#include "gui/engine_worker.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>
#include <algorithm>
#include <utility>

#include "core/error.h"
#include "engine/image.h"
#include "engine/record.h"
#include "gui/error_text.h"
#include "gui/image_convert.h"
#include "gui/picture_name.h"

namespace tessera::gui {
namespace {

constexpr int kAgain = 2000;  // ms

/// The own values of each path, as the model's card has them; a path that it says nothing of is
/// asked, which loads its parts.
SampleOptions own_sampling(engine::Engine& engine, const QJsonObject& card, const QString& path) {
  const QJsonObject told = card["paths"].toObject()[path].toObject()["sampling"].toObject();
  if (told.isEmpty()) {
    return engine.resolve({.sampling = {.path = path.toStdString()}, .seed = 0}).sampling;
  }
  const QByteArray json = QJsonDocument(told).toJson(QJsonDocument::Compact);
  return engine::request_from_json(json.toStdString()).sampling;
}

ModelFacts facts_of(engine::Engine& engine) {
  ModelFacts facts{.description = QString::fromStdString(engine.describe()),
                   .side = engine.image_side(),
                   .cell = engine.downsampling()};
  const QJsonObject card = QJsonDocument::fromJson(facts.description.toUtf8()).object();
  const QJsonValue model = card["model"];
  facts.name = card["name"].toString(model.toObject()["name"].toString());
  try {
    facts.defaults = engine.resolve({.seed = 0});
  } catch (const Error&) {
    return facts;  // a codec alone: it tokenises, it does not draw
  }
  for (const std::string& path : engine.paths()) {
    QStringList names;
    for (const std::string& name : engine.samplers_of(path)) {
      names.push_back(QString::fromStdString(name));
    }
    facts.paths.push_back(QString::fromStdString(path));
    facts.samplers[facts.paths.back()] = names;
    facts.sampling[facts.paths.back()] = facts.paths.size() == 1
                                             ? facts.defaults.sampling
                                             : own_sampling(engine, card, facts.paths.back());
  }
  return facts;
}

}  // namespace

EngineWorker::EngineWorker(EngineFactory factory, Paths paths)
    : factory_(std::move(factory)),
      keeper_(paths.history, {.folder = paths.pictures, .name = kOwnPictureName}) {
  qRegisterMetaType<std::int64_t>("std::int64_t");
  qRegisterMetaType<JobState>("tessera::gui::JobState");
  connect(&again_, &QTimer::timeout, this, &EngineWorker::keepHeld);
}

EngineWorker::~EngineWorker() {
  try {
    while (keeper_.keepNext()) {
    }
  } catch (const std::exception&) {
    // The window has said that they are not kept, and was closed all the same.
  }
}

void EngineWorker::open(const engine::EngineOptions& options) {
  Q_EMIT opening();
  try {
    engine_.reset();  // two models may not fit
    engine_ = factory_(options);
    const ModelFacts facts = facts_of(*engine_);
    model_name_ = facts.name.toStdString();
    Q_EMIT opened(facts);
  } catch (const std::exception& error) {
    Q_EMIT openFailed(plain_words(error));
  }
}

FinishedPicture EngineWorker::finishedPicture(const Job& job,
                                              int picture,
                                              const engine::Image& pixels) const {
  return {.job = job.id,
          .picture = picture,
          .pixels = pixels,
          .image = to_qimage(pixels),
          .text = engine::picture_text(
              drawing_, picture, engine_->provenance_of(drawing_.sampling.path)),
          .prompt = drawing_.prompt,
          .seed = drawing_.seed.value_or(0) + static_cast<std::uint64_t>(picture),
          .model = model_name_,
          .when = QDateTime::currentDateTime()};
}

void EngineWorker::keepHeld() {
  QString refused;
  try {
    while (const auto kept = keeper_.keepNext()) {
      const FinishedPicture& picture = kept->picture;
      Q_EMIT pictureKept(picture.job, picture.picture, kept->entry, picture.image);
    }
    again_.stop();
  } catch (const std::exception& error) {
    refused = plain_words(error);
    again_.start(kAgain);
  }
  if (keeper_.held() != told_held_) Q_EMIT picturesHeld(keeper_.held(), refused);
  told_held_ = keeper_.held();
}

void EngineWorker::setRules(const KeepingRules& rules) {
  keeper_.setRules(rules);
  if (keeper_.held() > 0) keepHeld();
}

engine::Watch EngineWorker::watchOf(const Job& job) {
  const std::int64_t id = job.id;
  engine::Watch watch;
  watch.progress = [this, id](const Progress& progress) {
    if (progress.total == 0) return;
    const int batch = std::max(drawing_.batch, 1);
    chain_steps_ = static_cast<int>(progress.total) / ((drawing_.count + batch - 1) / batch);
    Q_EMIT progressed(id,
                      static_cast<double>(progress.step) / static_cast<double>(progress.total),
                      progress.seconds);
  };
  watch.preview = [this, id](const engine::Image& image, std::int32_t picture, std::int32_t step) {
    if (previews_due_.exchange(1) != 0) return;
    Q_EMIT previewed(id, picture, step, to_qimage(image));
  };
  watch.tokens = [this, id](const engine::TokenGrid& grid,
                            std::int32_t picture,
                            std::int32_t step) { Q_EMIT tokensSeen(id, picture, step, grid); };
  watch.warning = [this, id](const std::string& text) {
    Q_EMIT warned(id, QString::fromStdString(text));
  };
  watch.finished = [this, job](const engine::Image& pixels, std::int32_t picture) {
    FinishedPicture finished = finishedPicture(job, picture, pixels);
    Q_EMIT pictureDrawn(job.id, picture, chain_steps_, finished.image);
    keeper_.hold(std::move(finished));
    keepHeld();
  };
  return watch;
}

void EngineWorker::drawOrThrow(const Job& job, std::stop_token stop) {
  TESSERA_CHECK(engine_, kNotFound, "no model is open");
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped before the first step");
  drawing_ = engine_->resolve(job.request);
  Q_EMIT begun(job.id, drawing_);
  const engine::GenerateResult result = engine_->generate(drawing_, watchOf(job), stop);
  Q_EMIT ended(job.id, result.cancelled ? JobState::kCancelled : JobState::kFinished, {});
}

void EngineWorker::draw(const Job& job, const std::stop_token& stop) {
  previews_due_ = 0;
  try {
    drawOrThrow(job, stop);
  } catch (const Error& error) {
    const bool cancelled = error.code() == ErrorCode::kCancelled;
    Q_EMIT ended(job.id, cancelled ? JobState::kCancelled : JobState::kFailed, plain_words(error));
  } catch (const std::exception& error) {
    Q_EMIT ended(job.id, JobState::kFailed, plain_words(error));
  }
}

void EngineWorker::tokenise(const QImage& picture) {
  try {
    TESSERA_CHECK(engine_, kNotFound, "no model is open");
    const engine::Image pixels =
        engine::fit_square(to_engine_image(picture), engine_->image_side());
    const engine::Engine::Reconstruction back = engine_->reconstruct(pixels);
    Q_EMIT tokenised({.picture = to_qimage(pixels),
                      .reconstruction = to_qimage(back.image),
                      .tokens = back.grid,
                      .psnr = back.psnr});
  } catch (const std::exception& error) {
    Q_EMIT failed(plain_words(error));
  }
}

void EngineWorker::paintCode(int code, int codes) {
  QImage tile;
  try {
    TESSERA_CHECK(engine_, kNotFound, "no model is open");
    constexpr std::int32_t kCells = 4;  // a side; shown are the inner ones, which know of no edge
    const engine::TokenGrid grid{.width = kCells,
                                 .height = kCells,
                                 .codes = codes,
                                 .cells = std::vector<std::int32_t>(kCells * kCells, code)};
    const QImage canvas = to_qimage(engine_->paint(grid));
    tile = canvas.copy(
        canvas.width() / 4, canvas.height() / 4, canvas.width() / 2, canvas.height() / 2);
  } catch (const std::exception&) {
    // A table without small pictures is a table still.
  }
  Q_EMIT codePainted(code, tile);
}

}  // namespace tessera::gui
