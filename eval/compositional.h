#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/options.h"
#include "core/progress.h"
#include "data/scenes/scenes.h"
#include "pipeline/pipeline.h"

namespace tessera::eval {

/// Where the pictures come from that the reader judges. The second and third measure what no model
/// of that codec, and no model at all, could exceed.
enum class PictureSource {
  kModel,  // the caption, generated
  kCodec,  // the caption's true scene, through the codec and back
  kTruth,  // the true scene itself
};

/// "model", "codec", "truth"; throws kInvalidArgument.
PictureSource picture_source_named(const std::string& name);

/// Which of several pictures [N, 3, S, S] in [-1, 1] goes best with the caption.
using PictureChoice =
    std::function<std::int64_t(const at::Tensor& candidates, const std::string& caption)>;

struct CompositionalPlan {
  std::int64_t count = 500;  // scenes 0 .. count - 1 of the source
  std::int64_t batch = 50;   // pictures a forward pass; no result depends on it
  std::uint64_t seed = 0;    // picture k takes the noise stream (seed, k)
  PictureSource source = PictureSource::kModel;
  SampleOptions sampling{};  // resolved, of kModel
  /// kModel: of so many pictures a caption, `choose` keeps one. Candidate 0 is the picture without
  /// it; candidate j takes the stream (seed + j 2^32, k).
  std::int64_t candidates = 1;
  PictureChoice choose{};
};

/// Captions, the pictures of them, and what the reader says; row k is scene k.
struct CompositionalResult {
  at::Tensor images{};  // [N, 3, S, S] float32 in [-1, 1] on the CPU, 8-bit levels
  std::vector<std::string> captions{};
  std::vector<data::Kind> kinds{};
  std::vector<data::SceneScore> scores{};
};

/// Who paints and who judges. `pipeline` may be null for kTruth.
struct Judge {
  const pipeline::Pipeline* pipeline = nullptr;
  const data::SceneSource& scenes;
  const data::SceneReader& reader;
};

/// Judges the scenes `indices`, `plan.batch` at a time, and hands each batch over as soon as it is
/// done: row r of the result is scene `indices[r]` of those given. `plan.count` is not looked at.
/// Throws kCancelled when `stop` is requested, and kShapeMismatch where the model's pictures are
/// not of the world's resolution.
using JudgedSink =
    std::function<void(std::span<const std::int64_t> indices, const CompositionalResult& judged)>;
void judge_scenes(const Judge& judge,
                  const CompositionalPlan& plan,
                  std::span<const std::int64_t> indices,
                  const JudgedSink& sink,
                  std::stop_token stop);

/// Scenes 0 .. plan.count - 1, all in memory. `pipeline` may be null for kTruth. Throws as above.
CompositionalResult evaluate_compositional(const pipeline::Pipeline* pipeline,
                                           const data::SceneSource& scenes,
                                           const data::SceneReader& reader,
                                           const CompositionalPlan& plan,
                                           const ProgressSink& progress,
                                           std::stop_token stop);

}  // namespace tessera::eval
