#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace tessera {

/// What `step` and `total` count.
enum class ProgressUnit : unsigned char { kSteps, kBytes };

/// Sent from the worker thread, once a step; the receiver must not block.
struct Progress {
  std::string stage{};     // "text", "denoise", "decode", "train"
  std::int64_t step = 0;   // 1-based; 0 = the stage begins
  std::int64_t total = 0;  // 0 = unknown
  double seconds = 0.0;    // since the stage began
  double value = 0.0;      // the stage's one number, e.g. the loss; NaN where it has none
  std::string note{};      // short text shown behind the bar, may be empty
  ProgressUnit unit = ProgressUnit::kSteps;
};
using ProgressSink = std::function<void(const Progress&)>;

}  // namespace tessera
