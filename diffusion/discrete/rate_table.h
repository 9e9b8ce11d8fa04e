#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/transition.h"

namespace tessera::diffusion {

/// What becomes of a code over a stretch of time; the three add up to one. A replaced code is drawn
/// evenly from all K, itself included: each has replace / K. The mask, once reached, stays.
struct Rates {
  double keep = 1.0;     // alpha
  double replace = 0.0;  // K beta
  double mask = 0.0;     // gamma
};

/// The same for B stretches, each [B, 1] float64.
struct RateRows {
  at::Tensor keep{};
  at::Tensor replace{};
  at::Tensor mask{};
};

/// The rates of a keep / replace / mask chain over any stretch s..t. The family is closed under
/// products, so a stretch costs as much as one step. docs/math/discrete.md, section 2.
class RateTable {
 public:
  /// Rates over 0..t for t = 0..T, entry 0 the identity. Throws kInvalidArgument where no chain has
  /// them: a rate outside [0, 1], a sum that is not one, a code that comes back from noise, or a
  /// chain that has forgotten everything before T.
  explicit RateTable(const std::vector<Rates>& cumulative);

  std::int64_t steps() const { return cumulative_.size(0) - 1; }
  /// False if no code is ever replaced by another (absorbing chains).
  bool replaces() const { return replaces_; }

  Rates between(TimeRange range) const;
  /// `early` <= `late`, [B] int64 in 0..T, on any device: the result is there too.
  RateRows between(const at::Tensor& early, const at::Tensor& late) const;

 private:
  RateRows since_data(const at::Tensor& t) const;

  at::Tensor cumulative_;  // [T + 1, 3] float64 on the CPU
  bool replaces_ = false;
};

}  // namespace tessera::diffusion
