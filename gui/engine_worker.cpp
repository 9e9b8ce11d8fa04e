#include "gui/engine_worker.h"

#include <QDateTime>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <chrono>
#include <utility>

#include "core/error.h"
#include "engine/image_files.h"
#include "engine/output_names.h"
#include "engine/record.h"
#include "gui/error_text.h"
#include "gui/image_convert.h"

namespace tessera::gui {
namespace {

constexpr int kThumbnail = 192;

/// pictures/2026-11-26/a-red-apple-7.png, or …-7-2.png where that is taken.
std::filesystem::path free_name(const std::filesystem::path& folder,
                                const std::string& prompt,
                                std::uint64_t seed) {
  const std::string day = QDate::currentDate().toString(Qt::ISODate).toStdString();
  const std::string stem = engine::name_from_prompt(prompt, 60) + "-" + std::to_string(seed);
  std::filesystem::path file = folder / day / (stem + ".png");
  for (int number = 2; std::filesystem::exists(file); ++number) {
    file = folder / day / concat(stem, "-", number, ".png");
  }
  return file;
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
  }
  return facts;
}

}  // namespace

EngineWorker::EngineWorker(EngineFactory factory, Paths paths)
    : factory_(std::move(factory)), paths_(std::move(paths)) {
  qRegisterMetaType<std::int64_t>("std::int64_t");
  qRegisterMetaType<JobState>("tessera::gui::JobState");
}

EngineWorker::~EngineWorker() = default;

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

history::History& EngineWorker::history() {
  if (!history_) history_ = std::make_unique<history::History>(paths_.history);
  return *history_;
}

std::int64_t EngineWorker::store(const Job& job,
                                 int picture,
                                 const QImage& image,
                                 const engine::Image& pixels) {
  const auto seed = drawing_.seed.value_or(0) + static_cast<std::uint64_t>(picture);
  const std::filesystem::path file = free_name(paths_.pictures, job.request.prompt, seed);
  engine::prepare_folders({file});
  const engine::PictureText text = engine::picture_text(drawing_, picture, engine_->provenance());
  engine::write_png(file, pixels, text);
  return history().add({.time = QDateTime::currentMSecsSinceEpoch(),
                        .file = file,
                        .prompt = drawing_.prompt,
                        .record = text.tessera,
                        .model = model_name_,
                        .seed = std::to_string(seed),
                        .width = pixels.width,
                        .height = pixels.height,
                        .thumbnail = thumbnail_of(image, kThumbnail)});
}

engine::Watch EngineWorker::watchOf(const Job& job) {
  const std::int64_t id = job.id;
  engine::Watch watch;
  watch.progress = [this, id](const Progress& progress) {
    if (progress.total == 0) return;
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
    const QImage image = to_qimage(pixels);
    Q_EMIT pictureFinished(job.id, picture, store(job, picture, image, pixels), image);
  };
  return watch;
}

void EngineWorker::drawOrThrow(const Job& job, std::stop_token stop) {
  TESSERA_CHECK(engine_, kNotFound, "no model is open");
  TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped before the first step");
  drawing_ = engine_->resolve(job.request);
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

}  // namespace tessera::gui
