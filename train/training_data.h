#pragma once

#include <cstdint>
#include <memory>

#include "data/source.h"
#include "train/held_out.h"
#include "train/options.h"

namespace tessera::train {

/// What a run learns from and what it is measured on.
struct TrainingData {
  std::shared_ptr<const data::Source> source{};
  std::int64_t samples = 0;  // rows 0 … samples - 1 are trained on
  HeldOut held_out{};
};

/// Scenes: the configured split, measured on the held-out split of the same world. Packed: measured
/// on the last `held_out` samples (a tenth at most), which are not trained on.
TrainingData open_training_data(const DataOptions& options, std::int64_t held_out);

}  // namespace tessera::train
