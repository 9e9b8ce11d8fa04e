#pragma once

#include <cstdint>
#include <span>

#include "eval/intervals.h"

namespace tessera::eval {

/// How pairs are drawn again: pair j of resample r is number j of the Philox stream (seed, r,
/// kResample), so the answer is a function of the values and the seed alone.
struct BootstrapOptions {
  std::int64_t resamples = 10'000;
  std::uint64_t seed = 0;
  double confidence = 0.95;
  void validate() const;
};

/// The mean difference of pairs, b - a, and how far it can be trusted.
struct PairedDifference {
  std::int64_t pairs = 0;
  double mean = 0;
  double error = 0;       // standard error of the mean; NaN for one pair
  Interval percentile{};  // quantiles of the resampled means
  Interval bca{};         // the same, corrected for bias and skew (Efron 1987, eq. 6.5)
  /// Twice the share of resampled means on the far side of zero, at most 1; with one added to both
  /// counts, so never 0. Small = the sign of the difference is sure. No p-value of a test.
  double doubt = 1;
  std::int64_t wins = 0;  // pairs in which b is larger
  std::int64_t ties = 0;
  std::int64_t losses = 0;
};

/// Paired bootstrap (Efron and Tibshirani 1993, chapters 13 and 14). Throws kShapeMismatch where
/// the two differ in length, kInvalidArgument for no pairs, values that are not finite, or options
/// out of range.
PairedDifference paired_bootstrap(std::span<const double> a,
                                  std::span<const double> b,
                                  const BootstrapOptions& options);

}  // namespace tessera::eval
