#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::diffusion {

/// How a Gaussian chain is described in configs and model cards.
struct GaussianScheduleOptions {
  std::string kind = "linear";   // see gaussian_schedule_names()
  std::int64_t steps = 1000;     // T
  double first = 1e-4;           // beta at t = 1 (linear, scaled-linear, quadratic); constant: beta
  double last = 2e-2;            // beta at t = T
  double cosine_offset = 0.008;  // s of Improved DDPM eq. 17
  double clip = 0.999;           // largest beta of cosine and sigmoid
  double sigmoid_start = -3.0;   // where the sigmoid of alpha_bar begins
  double sigmoid_end = 3.0;      // and ends
  double sigmoid_tau = 1.0;      // and its temperature, > 0
  std::vector<double> values{};  // kind "given": beta at t = 1..T, learned or measured elsewhere
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianScheduleOptions& o) {
  v("kind",
    o.kind,
    "linear, scaled-linear, quadratic, cosine, sigmoid, constant, inverse, sohl-dickstein, given");
  v("steps", o.steps, "number of diffusion steps T");
  v("first", o.first, "variance beta of the first step");
  v("last", o.last, "variance beta of the last step");
  v("cosine_offset", o.cosine_offset, "offset s of the cosine schedule");
  v("clip", o.clip, "largest beta of the cosine and sigmoid schedules");
  v("sigmoid_start", o.sigmoid_start, "start of the sigmoid schedule's argument");
  v("sigmoid_end", o.sigmoid_end, "end of the sigmoid schedule's argument");
  v("sigmoid_tau", o.sigmoid_tau, "temperature of the sigmoid schedule");
  v("values", o.values, "every beta, for the kind given");
}

/// The variances of a Gaussian chain, T + 1 float64 entries each, entry 0 the identity: beta_0 = 0,
/// alpha_bar_0 = 1. x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) eps. The derived values are
/// computed from the logarithm of alpha_bar, so that 1 - alpha_bar loses no digits near t = 0.
struct GaussianSchedule {
  std::vector<double> beta{};
  std::vector<double> alpha_bar{};
  std::vector<double> log_alpha_bar{};  // -inf where alpha_bar is 0

  std::int64_t steps() const { return static_cast<std::int64_t>(beta.size()) - 1; }
  double signal(std::int64_t t) const;              // sqrt(alpha_bar_t)
  double noise(std::int64_t t) const;               // sqrt(1 - alpha_bar_t)
  double noise_variance(std::int64_t t) const;      // 1 - alpha_bar_t
  double log_snr(std::int64_t t) const;             // ln(alpha_bar_t / (1 - alpha_bar_t)); inf at 0
  double posterior_variance(std::int64_t t) const;  // beta~_t of q(x_{t-1} | x_t, x_0); 0 at t = 1
  double x0_coefficient(std::int64_t t) const;      // of x_0 in that posterior's mean
  double xt_coefficient(std::int64_t t) const;      // of x_t in it
};

/// T variances, each in (0, 1); the last may be 1 (no signal left). Throws kInvalidArgument.
GaussianSchedule schedule_of_betas(const std::vector<double>& betas);

/// linear         beta linear in t (DDPM)
/// scaled-linear  sqrt(beta) linear in t (latent diffusion calls it "linear")
/// quadratic      the same curve under its older name
/// cosine         alpha_bar = cos^2 of a shifted line, beta at most `clip` (Improved DDPM eq. 17)
/// sigmoid        alpha_bar a falling sigmoid, beta at most `clip`
/// constant       beta = first
/// inverse        beta = 1 / (T - t + 1), so alpha_bar = (T - t) / T (Sohl-Dickstein 2015)
/// sohl-dickstein inverse with the floor and cap of the program published with that paper
/// given          `values`
/// Throws kInvalidArgument naming the field, kNotFound for an unknown kind.
GaussianSchedule make_gaussian_schedule(const GaussianScheduleOptions& options);
std::vector<std::string> gaussian_schedule_names();

/// First t at which KL(q(x_t | x_0) || N(0, 1)) of a value with this square falls below `bits`;
/// T + 1 where it never does.
std::int64_t steps_until_noise(const GaussianSchedule& schedule, double square, double bits);

/// KL(q(x_t | x_0) || N(0, 1)) of one value with square `square`, in nats.
double prior_divergence(const GaussianSchedule& schedule, std::int64_t t, double square);

}  // namespace tessera::diffusion
