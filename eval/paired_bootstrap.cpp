#include "eval/paired_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/philox.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kMostResamples = 1'000'000;

/// Mean of the values that resample r draws, with replacement.
double resampled_mean(std::span<const double> values, std::uint64_t seed, std::uint32_t r) {
  const auto n = static_cast<std::uint64_t>(values.size());
  const RngKey key{.seed = seed, .image = r, .purpose = Purpose::kResample};
  double sum = 0;
  for (std::size_t j = 0; j < values.size(); j += 4) {
    const Word4 words = philox(key, static_cast<std::uint32_t>(j / 4));
    for (std::size_t k = 0; k < 4 && j + k < values.size(); ++k) {
      sum += values[static_cast<std::size_t>((words.w[k] * n) >> 32)];
    }
  }
  return sum / static_cast<double>(n);
}

/// Efron's acceleration of a mean: a sixth of the skewness of its jackknife values.
double acceleration(std::span<const double> values, double mean) {
  double squares = 0;
  double cubes = 0;
  for (const double value : values) {
    const double away = value - mean;  // (n - 1) times (mean - mean without this value)
    squares += away * away;
    cubes += away * away * away;
  }
  return squares == 0 ? 0.0 : cubes / (6 * std::pow(squares, 1.5));
}

/// Efron 1987: the level of the resampled means that stands for the normal level z.
double corrected_level(double z, double bias, double accelerated) {
  const double shifted = bias + z;
  return normal_cdf(bias + shifted / (1 - accelerated * shifted));
}

Interval bca_interval(std::span<const double> sorted,
                      const PairedDifference& d,
                      double accelerated,
                      double confidence) {
  // Half of the ties with the mean count as below, so that a symmetric sample has no bias.
  const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), d.mean);
  const double below =
      (static_cast<double>(low - sorted.begin()) + 0.5 * static_cast<double>(high - low)) /
      static_cast<double>(sorted.size());
  if (below <= 0 || below >= 1) return d.percentile;
  const double bias = normal_quantile(below);
  const double z = normal_quantile(0.5 + confidence / 2);
  return {.low = quantile_of_sorted(sorted, corrected_level(-z, bias, accelerated)),
          .high = quantile_of_sorted(sorted, corrected_level(z, bias, accelerated))};
}

double doubt_of(std::span<const double> sorted) {
  const auto not_above = std::upper_bound(sorted.begin(), sorted.end(), 0.0) - sorted.begin();
  const auto not_below = sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), 0.0);
  const double fewer = static_cast<double>(std::min(not_above, not_below));
  return std::min(1.0, 2 * (fewer + 1) / (static_cast<double>(sorted.size()) + 1));
}

}  // namespace

void BootstrapOptions::validate() const {
  TESSERA_CHECK(resamples >= 100 && resamples <= kMostResamples,
                kInvalidArgument,
                "resamples must be in 100..",
                kMostResamples,
                ", got ",
                resamples);
  TESSERA_CHECK(confidence > 0 && confidence < 1,
                kInvalidArgument,
                "confidence must be between 0 and 1, got ",
                confidence);
}

PairedDifference paired_bootstrap(std::span<const double> a,
                                  std::span<const double> b,
                                  const BootstrapOptions& options) {
  options.validate();
  TESSERA_CHECK(a.size() == b.size(),
                kShapeMismatch,
                "pairs need two lists of one length, got ",
                a.size(),
                " and ",
                b.size());
  TESSERA_CHECK(!a.empty(), kInvalidArgument, "there are no pairs to compare");
  std::vector<double> differences(a.size());
  PairedDifference out{.pairs = std::ssize(a)};
  for (std::size_t i = 0; i < a.size(); ++i) {
    differences[i] = b[i] - a[i];
    TESSERA_CHECK(std::isfinite(differences[i]),
                  kInvalidArgument,
                  "pair ",
                  i,
                  " is not finite: ",
                  a[i],
                  " and ",
                  b[i]);
    ++(differences[i] > 0 ? out.wins : differences[i] < 0 ? out.losses : out.ties);
  }
  const Mean mean = mean_of(differences);
  out.mean = mean.value;
  out.error = mean.error;

  std::vector<double> means(static_cast<std::size_t>(options.resamples));
  for (std::size_t r = 0; r < means.size(); ++r) {
    means[r] = resampled_mean(differences, options.seed, static_cast<std::uint32_t>(r));
  }
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  out.percentile = {.low = quantile_of_sorted(means, tail),
                    .high = quantile_of_sorted(means, 1 - tail)};
  out.bca = bca_interval(means, out, acceleration(differences, out.mean), options.confidence);
  out.doubt = doubt_of(means);
  return out;
}

}  // namespace tessera::eval
