#pragma once

#include <QImage>
#include <optional>
#include <vector>

#include "engine/token_grid.h"

namespace tessera::gui {

/// One step of a picture that forms.
struct Frame {
  int step = 0;                // 1 … steps
  QImage picture{};            // the estimate then; null where none was painted
  engine::TokenGrid tokens{};  // empty on a path without codes
};

/// The steps of one picture, in order: what the scrubber goes through afterwards.
class Film {
 public:
  /// Steps may come as picture and tokens apart, in any order within a step.
  void add_picture(int step, QImage picture);
  void add_tokens(int step, engine::TokenGrid tokens);
  /// The finished picture takes the place of the last step's estimate.
  void finish(int steps, QImage picture);
  void clear() { frames_.clear(); }

  int size() const { return static_cast<int>(frames_.size()); }
  bool empty() const { return frames_.empty(); }
  const Frame& frame(int index) const { return frames_.at(static_cast<std::size_t>(index)); }
  /// The newest picture at or before a frame; null where none was painted yet.
  QImage picture_at(int index) const;
  /// The tokens of the frame before, for comparison; empty for the first.
  engine::TokenGrid tokens_before(int index) const;

 private:
  Frame& at_step(int step);
  std::vector<Frame> frames_{};
};

}  // namespace tessera::gui
