#include "diffusion/gaussian/theory.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

std::size_t at(std::int64_t t) {
  return static_cast<std::size_t>(t);
}

/// x_0's estimate as slope x_t + offset.
struct Line {
  double slope = 0.0;
  double offset = 0.0;
};

Line estimate_of(const GaussianSchedule& schedule, std::int64_t t, const NormalLaw& data) {
  const double slope =
      schedule.signal(t) * data.variance / noised_variance(schedule, t, data.variance);
  return {.slope = slope, .offset = data.mean * (1.0 - slope * schedule.signal(t))};
}

void move(NormalLaw& law, const Line& step, double noise) {
  law.mean = step.slope * law.mean + step.offset;
  law.variance = step.slope * step.slope * law.variance + noise;
}

}  // namespace

double noised_variance(const GaussianSchedule& schedule, std::int64_t t, double variance) {
  return schedule.alpha_bar.at(at(t)) * variance + schedule.noise_variance(t);
}

double data_variance_given(const GaussianSchedule& schedule, std::int64_t t, double variance) {
  return variance * schedule.noise_variance(t) / noised_variance(schedule, t, variance);
}

std::vector<double> reverse_variances(const GaussianSchedule& schedule,
                                      const std::string& kind,
                                      double data_variance) {
  TESSERA_CHECK(kind == "large" || kind == "small" || kind == "best" || kind == "beta",
                kInvalidArgument,
                "reverse variances are large, small, best or beta, got \"",
                kind,
                "\"");
  std::vector<double> variances{0.0};
  for (std::int64_t t = 1; t <= schedule.steps(); ++t) {
    const double c0 = schedule.x0_coefficient(t);
    if (kind == "best") {
      variances.push_back(schedule.posterior_variance(t) +
                          c0 * c0 * data_variance_given(schedule, t, data_variance));
    } else if (t == 1 && kind != "beta" && schedule.steps() > 1) {
      variances.push_back(schedule.posterior_variance(2));
    } else {
      variances.push_back(kind == "small" && t > 1 ? schedule.posterior_variance(t)
                                                   : schedule.beta[at(t)]);
    }
  }
  return variances;
}

double ExactBound::middle() const {
  double sum = 0.0;
  for (std::size_t t = 2; t < terms.size(); ++t) sum += terms[t];
  return sum;
}

ExactBound exact_bound(const GaussianSchedule& schedule,
                       const NormalLaw& data,
                       const std::vector<double>& variances) {
  ExactBound bound;
  bound.terms.assign(at(schedule.steps()) + 1, 0.0);
  const double first = variances.at(1);
  bound.terms[1] = 0.5 * (std::log(2.0 * std::numbers::pi * first) +
                          data_variance_given(schedule, 1, data.variance) / first);
  for (std::int64_t t = 2; t <= schedule.steps(); ++t) {
    const double narrower = schedule.posterior_variance(t) / variances.at(at(t));
    const double c0 = schedule.x0_coefficient(t);
    const double error = c0 * c0 * data_variance_given(schedule, t, data.variance);
    bound.terms[at(t)] = 0.5 * (narrower - 1.0 - std::log(narrower) + error / variances.at(at(t)));
  }
  bound.prior = prior_divergence(schedule, schedule.steps(), data.variance + data.mean * data.mean);
  return bound;
}

NormalLaw sampler_law(const GaussianSchedule& schedule,
                      const NormalLaw& data,
                      const std::vector<double>& variances,
                      LastNoise last) {
  NormalLaw law;
  for (std::int64_t t = schedule.steps(); t >= 1; --t) {
    const Line x0 = estimate_of(schedule, t, data);
    const double c0 = schedule.x0_coefficient(t);
    const bool noise = t > 1 || last == LastNoise::kKept;
    move(law,
         {.slope = c0 * x0.slope + schedule.xt_coefficient(t), .offset = c0 * x0.offset},
         noise ? variances.at(at(t)) : 0.0);
  }
  return law;
}

NormalLaw ddim_law(const GaussianSchedule& schedule,
                   const NormalLaw& data,
                   const std::vector<std::int64_t>& times,
                   double eta) {
  NormalLaw law;
  for (std::size_t i = times.size(); i-- > 0;) {
    const std::int64_t t = times[i];
    const std::int64_t s = i > 0 ? times[i - 1] : 0;
    const double beta =
        -std::expm1(schedule.log_alpha_bar.at(at(t)) - schedule.log_alpha_bar.at(at(s)));
    const double small = beta * schedule.noise_variance(s) / schedule.noise_variance(t);
    const double variance = (eta < 0.0 ? 1.0 : eta * eta) * small;
    const double rest = std::sqrt(std::fmax(schedule.noise_variance(s) - variance, 0.0));
    const Line x0 = estimate_of(schedule, t, data);
    const double signal = schedule.signal(t);
    const double noise = schedule.noise(t);
    move(law,
         {.slope = schedule.signal(s) * x0.slope + rest * (1.0 - signal * x0.slope) / noise,
          .offset = schedule.signal(s) * x0.offset - rest * signal * x0.offset / noise},
         s == 0 ? 0.0 : (eta < 0.0 ? beta : variance));
  }
  return law;
}

InversionFactors inversion_factors(const GaussianSchedule& schedule,
                                   double variance,
                                   const std::vector<std::int64_t>& times) {
  // By what DDIM multiplies x at t on its way to a level of this signal and noise.
  const auto factor = [&](std::int64_t t, double signal, double noise) {
    return (signal * schedule.signal(t) * variance + noise * schedule.noise(t)) /
           noised_variance(schedule, t, variance);
  };
  InversionFactors factors{.encode = 1.0, .decode = 1.0};
  for (std::size_t i = 0; i < times.size(); ++i) {
    const bool last = i + 1 == times.size();
    factors.encode *= factor(times[i],
                             last ? 0.0 : schedule.signal(times[i + 1]),
                             last ? 1.0 : schedule.noise(times[i + 1]));
    const std::int64_t before = i > 0 ? times[i - 1] : 0;
    factors.decode *= factor(times[i], schedule.signal(before), schedule.noise(before));
  }
  return factors;
}

double normal_divergence(const NormalLaw& a, const NormalLaw& b) {
  const double distance = a.mean - b.mean;
  const double ratio = a.variance / b.variance;
  return 0.5 * (ratio - 1.0 - std::log(ratio) + distance * distance / b.variance);
}

double frechet_distance(const NormalLaw& a, const NormalLaw& b) {
  const double mean = a.mean - b.mean;
  const double deviation = std::sqrt(a.variance) - std::sqrt(b.variance);
  return mean * mean + deviation * deviation;
}

double normal_entropy(double variance) {
  return 0.5 * std::log(2.0 * std::numbers::pi * std::numbers::e * variance);
}

EntropyBounds entropy_bounds(const GaussianSchedule& schedule, std::int64_t t, double variance) {
  const double c0 = schedule.x0_coefficient(t);
  const double small = schedule.posterior_variance(t);
  return {.lower = normal_entropy(small),
          .exact = normal_entropy(small + c0 * c0 * data_variance_given(schedule, t, variance)),
          .upper = normal_entropy(schedule.beta.at(at(t)))};
}

}  // namespace tessera::diffusion
