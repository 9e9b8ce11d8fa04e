#pragma once

#include <array>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/scenes/scenes.h"
#include "data/scenes/swapped_caption.h"
#include "eval/clip/clip_model.h"
#include "io/json_fields.h"
#include "text/tokenizer.h"

namespace tessera::eval {

struct RankingPlan {
  std::int64_t count = 500;  // scenes 0 … count - 1 of the source
  std::int64_t batch = 64;   // pictures a forward pass; no result depends on it
  std::int64_t pool = 100;   // texts that a picture is searched among, and the other way round
  std::uint64_t seed = 0;    // of what the swapped captions say instead
};

/// How often the true one was found.
struct Found {
  std::int64_t right = 0;
  std::int64_t asked = 0;
  double share() const {
    return asked > 0 ? static_cast<double>(right) / static_cast<double>(asked) : 0.0;
  }
  void add(bool hit) {
    ++asked;
    right += hit ? 1 : 0;
  }
};

/// How a CLIP ranks true captions of scenes.
struct Ranking {
  std::array<Found, data::kSwapCount> swaps{};  // true above the swapped one, by kind of swap
  Found swapped{};                              // all kinds together
  Found all_swaps{};                            // pictures whose true caption beats every swap
  std::int64_t pool = 0;                        // 0: too few scenes for one whole pool
  std::array<Found, 2> text_of_picture{};  // among `pool`, the true one first; among the first 5
  std::array<Found, 2> picture_of_text{};
};

/// Draws scenes, encodes them and their captions, true and swapped, and counts. A tie is no hit.
/// Pools are whole runs of `pool` scenes in order; equal captions of a pool count as one another's.
/// Throws kInvalidArgument, kShapeMismatch where the world's pictures are not of the tower's size,
/// kCancelled.
Ranking rank_clip(ClipModelImpl& model,
                  const text::Tokenizer& tokenizer,
                  const data::SceneSource& scenes,
                  const RankingPlan& plan,
                  const ProgressSink& progress,
                  const std::stop_token& stop);

/// Shares by name; kinds of swap that never occur are left out.
io::Json ranking_json(const Ranking& ranking);

}  // namespace tessera::eval
