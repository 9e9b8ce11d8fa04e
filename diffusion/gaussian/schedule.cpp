#include "diffusion/gaussian/schedule.h"

#include <cmath>

#include "core/error.h"
#include "diffusion/gaussian/schedule_curves.h"

namespace tessera::diffusion {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000;

void check_beta_option(const char* name, double value) {
  TESSERA_CHECK(std::isfinite(value) && value > 0.0 && value < 1.0,
                kInvalidArgument,
                name,
                " is a variance of a step and must be in (0, 1), got ",
                value);
}

std::size_t index(const GaussianSchedule& schedule, std::int64_t t) {
  TESSERA_CHECK(t >= 0 && t <= schedule.steps(),
                kInvalidArgument,
                "a time must be in 0..",
                schedule.steps(),
                ", got ",
                t);
  return static_cast<std::size_t>(t);
}

/// The same for what a step has, t >= 1.
std::size_t step_index(const GaussianSchedule& schedule, std::int64_t t) {
  TESSERA_CHECK(t >= 1, kInvalidArgument, "a step's time must be 1 or more, got ", t);
  return index(schedule, t);
}

}  // namespace

void GaussianScheduleOptions::validate() const {
  TESSERA_CHECK(steps >= 1 && steps <= kMostSteps,
                kInvalidArgument,
                "steps must be in 1..",
                kMostSteps,
                ", got ",
                steps);
  check_beta_option("first", first);
  check_beta_option("last", last);
  check_beta_option("clip", clip);
  TESSERA_CHECK(std::isfinite(cosine_offset) && cosine_offset >= 0.0 && cosine_offset <= 1.0,
                kInvalidArgument,
                "cosine_offset must be in [0, 1], got ",
                cosine_offset);
  TESSERA_CHECK(std::isfinite(sigmoid_start) && std::isfinite(sigmoid_end) &&
                    std::abs(sigmoid_start) <= 100.0 && std::abs(sigmoid_end) <= 100.0 &&
                    sigmoid_start < sigmoid_end,
                kInvalidArgument,
                "sigmoid_start must be below sigmoid_end, both in [-100, 100], got ",
                sigmoid_start,
                " and ",
                sigmoid_end);
  TESSERA_CHECK(std::isfinite(sigmoid_tau) && sigmoid_tau >= 0.1 && sigmoid_tau <= 100.0,
                kInvalidArgument,
                "sigmoid_tau must be in [0.1, 100], got ",
                sigmoid_tau);
  TESSERA_CHECK(kind != "given" || static_cast<std::int64_t>(values.size()) == steps,
                kInvalidArgument,
                "the schedule given needs one value a step: ",
                steps,
                ", got ",
                values.size());
}

GaussianSchedule schedule_of_betas(const std::vector<double>& betas) {
  TESSERA_CHECK(!betas.empty(), kInvalidArgument, "a schedule needs at least one step, got none");
  GaussianSchedule schedule{.beta = {0.0}, .alpha_bar = {1.0}, .log_alpha_bar = {0.0}};
  long double log_alpha_bar = 0.0L;
  for (std::size_t i = 0; i < betas.size(); ++i) {
    const double beta = betas[i];
    const bool last = i + 1 == betas.size();
    TESSERA_CHECK(std::isfinite(beta) && beta > 0.0 && (beta < 1.0 || (last && beta == 1.0)),
                  kInvalidArgument,
                  "beta at step ",
                  i + 1,
                  " must be in (0, 1), or 1 at the last step, got ",
                  beta);
    log_alpha_bar += std::log1p(-static_cast<long double>(beta));
    schedule.beta.push_back(beta);
    schedule.log_alpha_bar.push_back(static_cast<double>(log_alpha_bar));
    schedule.alpha_bar.push_back(static_cast<double>(std::exp(log_alpha_bar)));
  }
  return schedule;
}

GaussianSchedule make_gaussian_schedule(const GaussianScheduleOptions& options) {
  options.validate();
  return schedule_of_betas(curve_betas(options));
}

std::vector<std::string> gaussian_schedule_names() {
  return curve_names();
}

double GaussianSchedule::signal(std::int64_t t) const {
  return std::exp(log_alpha_bar[index(*this, t)] / 2.0);
}

double GaussianSchedule::noise(std::int64_t t) const {
  return std::sqrt(noise_variance(t));
}

double GaussianSchedule::noise_variance(std::int64_t t) const {
  return std::abs(std::expm1(log_alpha_bar[index(*this, t)]));
}

double GaussianSchedule::log_snr(std::int64_t t) const {
  return log_alpha_bar[index(*this, t)] - std::log(noise_variance(t));
}

double GaussianSchedule::posterior_variance(std::int64_t t) const {
  const std::size_t i = step_index(*this, t);
  return beta[i] * noise_variance(t - 1) / noise_variance(t);
}

double GaussianSchedule::x0_coefficient(std::int64_t t) const {
  const std::size_t i = step_index(*this, t);
  return beta[i] * signal(t - 1) / noise_variance(t);
}

double GaussianSchedule::xt_coefficient(std::int64_t t) const {
  const std::size_t i = step_index(*this, t);
  return std::sqrt(1.0 - beta[i]) * noise_variance(t - 1) / noise_variance(t);
}

double prior_divergence(const GaussianSchedule& schedule, std::int64_t t, double square) {
  const std::size_t i = step_index(schedule, t);
  const double kept = schedule.alpha_bar[i];
  // -log(1 - kept) - kept by its series where both are nearly equal.
  const double rest = kept < 1e-4 ? kept * kept * (0.5 + kept / 3.0 + kept * kept / 4.0)
                                  : -std::log1p(-kept) - kept;
  return 0.5 * (kept * square + rest);
}

std::int64_t steps_until_noise(const GaussianSchedule& schedule, double square, double bits) {
  for (std::int64_t t = 1; t <= schedule.steps(); ++t) {
    if (prior_divergence(schedule, t, square) < bits * std::log(2.0)) return t;
  }
  return schedule.steps() + 1;
}

}  // namespace tessera::diffusion
