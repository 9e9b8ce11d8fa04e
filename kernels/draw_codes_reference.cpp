#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/draw_codes.h"

namespace tessera::kernels {
namespace {

constexpr double kFloor = -1e4;
constexpr double kMassTolerance = 1e-6;

/// Guided log p(x_0) of a row, normalised.
std::vector<double> guided_log_p(const DrawCodes& a, std::int64_t row) {
  std::vector<double> z;
  for (std::int64_t k = 0; k < a.codes; ++k) {
    const double wanted = static_cast<double>(a.wanted[row * a.codes + k]);
    if (a.unwanted == nullptr) {
      z.push_back(wanted);
      continue;
    }
    const double base = std::max(kFloor, static_cast<double>(a.unwanted[row * a.codes + k]));
    z.push_back(base + static_cast<double>(a.guidance) * (wanted - base));
  }
  const double peak = *std::max_element(z.begin(), z.end());
  double total = 0;
  for (const double value : z) total += std::exp(value - peak);
  for (double& value : z) value -= peak + std::log(total);
  return z;
}

/// Probabilities, those of dropped codes 0.
std::vector<double> truncated(const DrawCodes& a, const std::vector<double>& log_p) {
  std::vector<std::size_t> order(log_p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return log_p[left] > log_p[right];
  });
  std::vector<double> p(log_p.size());
  double mass = 0;
  for (std::size_t place = 0; place < order.size(); ++place) {
    const bool by_mass = a.keep_mass < 1.0 && mass >= a.keep_mass - kMassTolerance;
    const bool by_count = a.keep_codes > 0 && place >= static_cast<std::size_t>(a.keep_codes);
    if (place > 0 && (by_mass || by_count)) break;
    p[order[place]] = std::exp(log_p[order[place]]);
    mass += p[order[place]];
  }
  return p;
}

/// Weights of the codes, and of the mask state behind them.
std::vector<double> posterior(const CodeEvidence& e, std::vector<double> p) {
  double sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (static_cast<std::int64_t>(k) == e.seen) p[k] *= e.rho;
    sum += p[k];
  }
  for (std::size_t k = 0; k < p.size(); ++k) {
    const bool seen = static_cast<std::int64_t>(k) == e.seen;
    p[k] = (seen ? e.same : e.other) * (e.keep * p[k] + e.uniform * sum);
    if (e.carried) p[k] = seen ? sum : 0.0;
  }
  p.push_back(e.stay * sum);
  return p;
}

}  // namespace

void draw_codes_reference(const DrawCodes& a, std::int64_t first, std::int64_t last) {
  for (std::int64_t row = first; row < last; ++row) {
    const std::vector<double> log_p = guided_log_p(a, row);
    if (a.best != nullptr) {
      a.best[row] = static_cast<float>(*std::max_element(log_p.begin(), log_p.end()));
    }
    if (a.drawn == nullptr) continue;
    std::vector<double> p = truncated(a, log_p);
    if (a.power != nullptr) {
      for (double& each : p) each = std::pow(each, static_cast<double>(a.power[row]));
    }
    const CodeEvidence evidence = a.evidence == nullptr ? CodeEvidence{} : a.evidence[row];
    const std::vector<double> weights = posterior(evidence, std::move(p));
    const double height =
        static_cast<double>(a.uniform[row]) * std::accumulate(weights.begin(), weights.end(), 0.0);
    double cumulative = 0;
    std::size_t state = 0;
    for (std::size_t k = 0; k < weights.size() && cumulative <= height; ++k) {
      cumulative += weights[k];
      if (weights[k] > 0.0) state = k;
    }
    a.drawn[row] = static_cast<std::int64_t>(state);
    if (a.log_p != nullptr) a.log_p[row] = static_cast<float>(log_p[state]);
  }
}

}  // namespace tessera::kernels
