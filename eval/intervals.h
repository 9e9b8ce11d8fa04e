#pragma once

#include <cstdint>
#include <span>

namespace tessera::eval {

/// Both ends belong to it.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Distribution function of N(0, 1).
double normal_cdf(double z);
/// Its inverse, to 1e-13; infinite at 0 and 1. Throws kInvalidArgument outside [0, 1].
double normal_quantile(double p);

/// Score interval of a share `right` / `asked` (Wilson 1927): every p that a two-sided normal test
/// of that share does not reject. Never leaves [0, 1], is not empty at 0 or at `asked`, and is all
/// of [0, 1] where nothing was asked. Throws kInvalidArgument unless 0 <= right <= asked and
/// 0 < confidence < 1.
Interval wilson_interval(std::int64_t right, std::int64_t asked, double confidence = 0.95);

/// Mean of independent values and its standard error, s / sqrt(n) with s over n - 1; the error is
/// NaN for fewer than two values, the mean for none.
struct Mean {
  double value = 0;
  double error = 0;
  std::int64_t count = 0;
};
Mean mean_of(std::span<const double> values);

/// Quantile of sorted values, interpolated linearly between the order statistics (type 7 of
/// Hyndman and Fan 1996). Throws kInvalidArgument without values or for p outside [0, 1].
double quantile_of_sorted(std::span<const double> sorted, double p);

}  // namespace tessera::eval
