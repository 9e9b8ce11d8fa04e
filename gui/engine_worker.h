#pragma once

#include <QImage>
#include <QMap>
#include <QObject>
#include <QTimer>
#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>

#include "core/progress.h"
#include "engine/engine.h"
#include "gui/job.h"
#include "gui/paths.h"
#include "gui/picture_keeper.h"

namespace tessera::gui {

using EngineFactory =
    std::function<std::unique_ptr<engine::Engine>(const engine::EngineOptions& options)>;

/// What a window shows of an open model.
struct ModelFacts {
  QString name{};
  QString description{};  // JSON of Engine::describe()
  QStringList paths{};    // ways to draw, the model's own choice first; empty = it cannot draw
  QMap<QString, QStringList> samplers{};    // of each path
  QMap<QString, SampleOptions> sampling{};  // each path's own values
  int side = 0;                             // pixels
  int cell = 0;                             // pixels of a token's side
  engine::GenerateRequest defaults{};       // every field resolved
};

/// A picture with its codes and what the codec makes of them.
struct Tokenised {
  QImage picture{};
  QImage reconstruction{};
  engine::TokenGrid tokens{};
  double psnr = 0;  // dB
};

/// The only code that calls the engine. Lives in a thread of its own: slots are called through the
/// event loop, previewTaken() from any thread. Every failure becomes a signal with a
/// text; nothing is thrown. A finished picture is told twice: when it is drawn, and when it is on
/// disk and in the history. One that these refuse is held and tried again every two seconds.
class EngineWorker final : public QObject {
  Q_OBJECT
  Q_DISABLE_COPY_MOVE(EngineWorker)

 public:
  EngineWorker(EngineFactory factory, Paths paths);
  ~EngineWorker() override;

  /// The last preview was shown; until then no other is made, so that a slow window never slows
  /// the drawing.
  void previewTaken() { previews_due_ = 0; }

 public Q_SLOTS:
  void open(const tessera::engine::EngineOptions& options);
  /// `stop` ends it between two steps, or before it has begun.
  void draw(const tessera::gui::Job& job, const std::stop_token& stop);
  void tokenise(const QImage& picture);
  /// What one of the model's `codes` looks like: the middle of a canvas of nothing else. Always
  /// answered; with no picture where it cannot be painted.
  void paintCode(int code, int codes);
  void setRules(const tessera::gui::KeepingRules& rules);
  /// Tries the held pictures now.
  void keepHeld();

 Q_SIGNALS:
  void opening();
  void opened(const tessera::gui::ModelFacts& facts);
  void openFailed(const QString& message);
  /// Every value is settled now: the seed that was drawn, for one.
  void begun(std::int64_t job, const tessera::engine::GenerateRequest& resolved);
  void progressed(std::int64_t job, double share, double seconds);
  void warned(std::int64_t job, const QString& message);
  void previewed(std::int64_t job, int picture, int step, const QImage& image);
  void tokensSeen(std::int64_t job, int picture, int step, const tessera::engine::TokenGrid& grid);
  /// `steps` is the length of its chain.
  void pictureDrawn(std::int64_t job, int picture, int steps, const QImage& image);
  /// It is on the disk; `entry` is the row of the history.
  void pictureKept(std::int64_t job, int picture, std::int64_t entry, const QImage& image);
  /// So many pictures could not be kept yet, and why; 0 = all are.
  void picturesHeld(int count, const QString& message);
  void ended(std::int64_t job, tessera::gui::JobState state, const QString& message);
  void tokenised(const tessera::gui::Tokenised& result);
  void codePainted(int code, const QImage& image);
  void failed(const QString& message);

 private:
  void drawOrThrow(const Job& job, std::stop_token stop);
  engine::Watch watchOf(const Job& job);
  FinishedPicture finishedPicture(const Job& job, int picture, const engine::Image& pixels) const;

  EngineFactory factory_;
  PictureKeeper keeper_;
  QTimer again_{this};  // while pictures are held
  int told_held_ = 0;
  std::unique_ptr<engine::Engine> engine_{};
  engine::GenerateRequest drawing_{};  // the resolved request
  int chain_steps_ = 1;                // of each of its pictures, as the engine counts them
  std::string model_name_{};
  std::atomic<int> previews_due_ = 0;
};

}  // namespace tessera::gui
Q_DECLARE_METATYPE(tessera::gui::ModelFacts)
Q_DECLARE_METATYPE(tessera::gui::Tokenised)
Q_DECLARE_METATYPE(tessera::gui::KeepingRules)
Q_DECLARE_METATYPE(tessera::engine::GenerateRequest)
Q_DECLARE_METATYPE(tessera::engine::TokenGrid)
Q_DECLARE_METATYPE(tessera::engine::EngineOptions)
