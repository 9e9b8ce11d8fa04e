#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "diffusion/gaussian/theory.h"

namespace tessera::diffusion {
namespace {

constexpr double kReach = 9.5;  // deviations beyond which a normal density counts for nothing
constexpr double kHalfBin = 1.0 / 255.0;
constexpr double kEdge = 0.999;

/// log of the cumulative normal, to full precision in both tails.
double log_cdf(double x) {
  if (x > 0.0) return std::log1p(-0.5 * std::erfc(x / std::numbers::sqrt2));
  if (x > -30.0) return std::log(0.5 * std::erfc(-x / std::numbers::sqrt2));
  const double y = 1.0 / (x * x);
  const double series = -y * (1.0 - y * (3.0 - y * (15.0 - y * (105.0 - y * 945.0))));
  return -0.5 * x * x - std::log(-x * std::sqrt(2.0 * std::numbers::pi)) + std::log1p(series);
}

/// log mass of the pixel `value` under N(mean, deviation^2).
double log_pixel(double value, double mean, double deviation) {
  const double high = (value - mean + kHalfBin) / deviation;
  const double low = (value - mean - kHalfBin) / deviation;
  if (value < -kEdge) return log_cdf(high);
  if (value > kEdge) return log_cdf(-low);
  const double upper = log_cdf(low > 0.0 ? -low : high);
  const double lower = log_cdf(low > 0.0 ? -high : low);
  return upper + std::log(-std::expm1(std::fmin(lower - upper, -1e-300)));
}

/// The values seen through one noise level.
class Noised {
 public:
  Noised(const GaussianSchedule& schedule, const FiniteLaw& law, std::int64_t t)
      : law_(law), signal_(schedule.signal(t)), noise_(schedule.noise(t)) {}

  double signal() const { return signal_; }
  double noise() const { return noise_; }

  /// Density of x_t, mean and variance of x_0 there; density 0 far from every value.
  struct Point {
    double density = 0.0;
    double mean = 0.0;
    double variance = 0.0;
  };
  Point at(double x) const {
    const auto near = [&](double edge) {
      return std::lower_bound(law_.values.begin(), law_.values.end(), edge / signal_) -
             law_.values.begin();
    };
    const auto begin = static_cast<std::size_t>(near(x - kReach * noise_));
    const auto end = static_cast<std::size_t>(near(x + kReach * noise_));
    double mass = 0.0;
    double first = 0.0;
    double second = 0.0;
    for (std::size_t i = begin; i < end; ++i) {
      const double z = (x - signal_ * law_.values[i]) / noise_;
      const double w = law_.probabilities[i] * std::exp(-0.5 * z * z);
      mass += w;
      first += w * law_.values[i];
      second += w * law_.values[i] * law_.values[i];
    }
    if (mass <= 0.0) return {};
    const double mean = first / mass;
    return {.density = mass / (noise_ * std::sqrt(2.0 * std::numbers::pi)),
            .mean = mean,
            .variance = std::fmax(second / mass - mean * mean, 0.0)};
  }

 private:
  const FiniteLaw& law_;
  double signal_;
  double noise_;
};

double decoder_bits(const GaussianSchedule& schedule, const FiniteLaw& law) {
  const Noised noised(schedule, law, 1);
  const double deviation =
      std::sqrt(schedule.steps() > 1 ? schedule.posterior_variance(2) : schedule.beta[1]);
  constexpr int kNodes = 240;
  const double step = 2.0 * kReach / kNodes;
  double nats = 0.0;
  for (std::size_t i = 0; i < law.values.size(); ++i) {
    for (int k = 0; k <= kNodes; ++k) {
      const double z = -kReach + step * k;
      const double weight = step * std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
      const double x = noised.signal() * law.values[i] + noised.noise() * z;
      nats -=
          law.probabilities[i] * weight * log_pixel(law.values[i], noised.at(x).mean, deviation);
    }
  }
  return nats / std::numbers::ln2;
}

/// The trapezoid rule converges geometrically; narrow noise makes x_0's mean turn sharply where the
/// density is small.
double nodes_a_deviation(double noise) {
  return noise < 0.25 ? 16.0 : (noise < 0.5 ? 10.0 : 6.0);
}

bool is_symmetric(const FiniteLaw& law) {
  const std::size_t count = law.values.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t other = count - 1 - i;
    if (std::abs(law.values[i] + law.values[other]) > 1e-14) return false;
    if (std::abs(law.probabilities[i] - law.probabilities[other]) > 1e-15) return false;
  }
  return true;
}

void check_law(const FiniteLaw& law) {
  double sum = 0.0;
  for (const double p : law.probabilities) sum += p;
  TESSERA_CHECK(!law.values.empty() && law.values.size() == law.probabilities.size() &&
                    std::is_sorted(law.values.begin(), law.values.end()) &&
                    std::abs(sum - 1.0) < 1e-9,
                kInvalidArgument,
                "a finite law needs ascending values with probabilities that sum to 1, got ",
                law.values.size(),
                " values and the sum ",
                sum);
}

}  // namespace

double entropy_bits(const FiniteLaw& law) {
  check_law(law);
  double bits = 0.0;
  for (const double p : law.probabilities) bits -= p > 0.0 ? p * std::log2(p) : 0.0;
  return bits;
}

double finite_data_error(const GaussianSchedule& schedule, const FiniteLaw& law, std::int64_t t) {
  check_law(law);
  const Noised noised(schedule, law, t);
  const double low = noised.signal() * law.values.front() - kReach * noised.noise();
  const double high = noised.signal() * law.values.back() + kReach * noised.noise();
  // As many intervals left of the middle as right of it, so that half a symmetric law will do.
  const auto half = static_cast<std::int64_t>(
      std::ceil(0.5 * (high - low) / noised.noise() * nodes_a_deviation(noised.noise())));
  const double step = 0.5 * (high - low) / static_cast<double>(half);
  const bool symmetric = is_symmetric(law);
  const std::int64_t last = symmetric ? half : 2 * half;
  double sum = 0.0;
  for (std::int64_t k = 0; k <= last; ++k) {
    const Noised::Point point = noised.at(low + step * static_cast<double>(k));
    const double weight = !symmetric ? 1.0 : (k == half ? 1.0 : 2.0);
    sum += weight * point.density * point.variance;
  }
  return sum * step;
}

std::vector<double> finite_data_errors(const GaussianSchedule& schedule, const FiniteLaw& law) {
  std::vector<double> errors{0.0};
  for (std::int64_t t = 1; t <= schedule.steps(); ++t) {
    errors.push_back(finite_data_error(schedule, law, t));
  }
  return errors;
}

FiniteBound finite_bound(const GaussianSchedule& schedule,
                         const FiniteLaw& law,
                         const std::vector<double>& errors,
                         const std::string& kind) {
  check_law(law);
  TESSERA_CHECK(kind == "large" || kind == "small" || kind == "best",
                kInvalidArgument,
                "reverse variances are large, small or best, got \"",
                kind,
                "\"");
  FiniteBound bound{.first = decoder_bits(schedule, law)};
  for (std::int64_t t = 2; t <= schedule.steps(); ++t) {
    const double small = schedule.posterior_variance(t);
    const double c0 = schedule.x0_coefficient(t);
    const double error = c0 * c0 * errors.at(static_cast<std::size_t>(t));
    const double variance = kind == "large"   ? schedule.beta[static_cast<std::size_t>(t)]
                            : kind == "small" ? small
                                              : small + error;
    const double narrower = small / variance;
    bound.middle +=
        0.5 * (narrower - 1.0 - std::log(narrower) + error / variance) / std::numbers::ln2;
  }
  double square = 0.0;
  for (std::size_t i = 0; i < law.values.size(); ++i) {
    square += law.probabilities[i] * law.values[i] * law.values[i];
  }
  bound.prior = prior_divergence(schedule, schedule.steps(), square) / std::numbers::ln2;
  return bound;
}

}  // namespace tessera::diffusion
