#pragma once

#include <cstdint>
#include <vector>

#include "eval/preprocess/pillow_resize.h"

namespace tessera::eval {

/// Which pixels of a line make a new one, and with what weight: new pixel i is the sum over
/// k < count[i] of weight[i * stride + k] * old[first[i] + k].
struct ResampleWeights {
  std::int64_t stride = 0;
  std::vector<std::int64_t> first{};
  std::vector<std::int64_t> count{};
  std::vector<double> weight{};  // of one new pixel they sum to 1
};

/// For a line of `from` pixels that becomes one of `to`.
ResampleWeights resample_weights(std::int64_t from, std::int64_t to, PillowFilter filter);

}  // namespace tessera::eval
