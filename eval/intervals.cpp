#include "eval/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.h"

namespace tessera::eval {

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

double normal_quantile(double p) {
  TESSERA_CHECK(p >= 0 && p <= 1, kInvalidArgument, "a probability must be in 0..1, got ", p);
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  // Odd about 1/2: the tail is where erfc keeps all its digits.
  if (p > 0.5) return -normal_quantile(1 - p);
  // Newton's method on log Phi, which is concave: from the left of the root it cannot overshoot.
  double z = -std::sqrt(-2 * std::log(p));
  for (int round = 0; round < 100; ++round) {
    const double below = normal_cdf(z);
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
    const double step = (std::log(p) - std::log(below)) * below / density;
    z += step;
    if (std::abs(step) <= 1e-15 * std::max(1.0, std::abs(z))) break;
  }
  return z;
}

Interval wilson_interval(std::int64_t right, std::int64_t asked, double confidence) {
  TESSERA_CHECK(right >= 0 && right <= asked,
                kInvalidArgument,
                "a share needs 0 <= right <= asked, got ",
                right,
                " of ",
                asked);
  TESSERA_CHECK(confidence > 0 && confidence < 1,
                kInvalidArgument,
                "confidence must be between 0 and 1, got ",
                confidence);
  if (asked == 0) return {.low = 0, .high = 1};
  const double z = normal_quantile(0.5 + confidence / 2);
  const double n = static_cast<double>(asked);
  const double p = static_cast<double>(right) / n;
  const double middle = p + z * z / (2 * n);
  const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // The ends at p = 0 and p = 1 are exact; rounding would leave them a hair inside.
  return {.low = right == 0 ? 0.0 : (middle - half) / scale,
          .high = right == asked ? 1.0 : (middle + half) / scale};
}

Mean mean_of(std::span<const double> values) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  Mean out{.value = kNone, .error = kNone, .count = std::ssize(values)};
  if (values.empty()) return out;
  const double n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  out.value = sum / n;
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double value : values) squares += (value - out.value) * (value - out.value);
  out.error = std::sqrt(squares / (n - 1) / n);
  return out;
}

double quantile_of_sorted(std::span<const double> sorted, double p) {
  TESSERA_CHECK(!sorted.empty(), kInvalidArgument, "a quantile needs at least one value");
  TESSERA_CHECK(p >= 0 && p <= 1, kInvalidArgument, "a quantile must be in 0..1, got ", p);
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double share = place - static_cast<double>(below);
  return sorted[below] + share * (sorted[above] - sorted[below]);
}

}  // namespace tessera::eval
