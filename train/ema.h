#pragma once

#include <cstdint>

#include "train/parameters.h"

namespace tessera::train {

struct EmaOptions {
  double decay = 0.999;  // 0 = the live weights themselves
  bool warm_up =
      true;  // decay = min(decay, (1 + step) / (10 + step)), so that the start is forgotten
};

/// Exponential moving average of weights: what is sampled from and exported.
class Ema {
 public:
  Ema(const Parameters& live, EmaOptions options);

  /// After optimisation step `step` (from 1).
  void update(std::int64_t step);
  double decay_at(std::int64_t step) const;
  /// The averages by parameter name; the live tensors where decay is 0.
  const TensorMap& averages() const { return averages_; }

  /// Puts the averages into the live tensors while it lives, then the live values back, bit for
  /// bit.
  class Scope {
   public:
    explicit Scope(const Ema& ema);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    const Ema& ema_;
    std::vector<at::Tensor> kept_{};
  };

 private:
  std::vector<at::Tensor> live_{};
  std::vector<at::Tensor> mean_{};
  TensorMap averages_{};
  EmaOptions options_;
};

}  // namespace tessera::train
