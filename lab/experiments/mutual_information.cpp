#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/schedule.h"
#include "diffusion/gaussian/theory.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct MutualInformationOptions {
  std::string schedule = "linear";
};

template <typename Visitor>
void visit_fields(Visitor& v, MutualInformationOptions& o) {
  v("schedule", o.schedule, "of the chain, T = 1000");
}

/// I(x_0; x_t) in bits of x_0 = ±1, by quadrature: 1 - E log2(1 + exp(-2 √r (√r + z))), r = SNR.
double of_two_points(double snr) {
  const double r = std::sqrt(snr);
  return 1.0 - integral(
                   [r](double z) {
                     return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi) *
                            std::log1p(std::exp(-2 * r * (r + z))) / std::numbers::ln2;
                   },
                   -10,
                   10);
}

/// The same of N(0, v): ½ log2(1 + SNR v).
double of_normal(double snr, double v) {
  return 0.5 * std::log2(1 + snr * v);
}

/// Half the area under the error over the signal-to-noise ratio, from T down to every t (Guo,
/// Shamai and Verdú 2005), in bits; the part below the SNR of T by its value there. Simpson's rule
/// on ln SNR would need even steps, so the trapezoid.
std::vector<double> by_error(const diffusion::GaussianSchedule& schedule,
                             const std::vector<double>& error) {
  const std::int64_t steps = schedule.steps();
  std::vector<double> bits(static_cast<std::size_t>(steps) + 1);
  double area = std::exp(schedule.log_snr(steps)) * error.back();
  for (std::int64_t t = steps; t >= 1; --t) {
    if (t < steps) {
      const double high = schedule.log_snr(t);
      const double low = schedule.log_snr(t + 1);
      const auto weigh = [&](std::int64_t at, double log_snr) {
        return error[static_cast<std::size_t>(at)] * std::exp(log_snr);
      };
      area += 0.5 * (high - low) * (weigh(t, high) + weigh(t + 1, low));
    }
    bits[static_cast<std::size_t>(t)] = 0.5 * area / std::numbers::ln2;
  }
  return bits;
}

Findings run(const MutualInformationOptions& o, const Run& context) {
  const auto schedule = diffusion::make_gaussian_schedule({.kind = o.schedule});
  const ReferenceChain chain(schedule.beta);
  const diffusion::FiniteLaw coin{{-1.0, 1.0}, {0.5, 0.5}};
  std::vector<double> coin_error(1001), normal_error(1001);
  for (std::int64_t t = 1; t <= 1000; ++t) {
    if (t % 50 == 0) context.report("errors", t, 1000);
    coin_error[static_cast<std::size_t>(t)] = diffusion::finite_data_error(schedule, coin, t);
    normal_error[static_cast<std::size_t>(t)] = diffusion::data_variance_given(schedule, t, 1.0);
  }
  const auto coin_bits = by_error(schedule, coin_error);
  const auto normal_bits = by_error(schedule, normal_error);
  Findings findings;
  Curve coin_exact{.label = "x_0 = ±1, at most 1 bit"};
  Curve normal_exact{.label = "x_0 ~ N(0, 1), without limit"};
  for (std::int64_t t = 1; t <= 1000; ++t) {
    const double snr = chain.kept(t) / chain.lost(t);
    coin_exact.x.push_back(static_cast<double>(t));
    normal_exact.x.push_back(static_cast<double>(t));
    coin_exact.y.push_back(of_two_points(snr));
    normal_exact.y.push_back(of_normal(snr, 1.0));
  }
  Curve measured{.label = "½ ∫ error d(SNR), from the denoiser",
                 .stroke = Stroke::kPoints,
                 .colour = Colour::kGrey};
  for (const std::int64_t t : {1, 100, 200, 300, 400, 500, 600, 800, 1000}) {
    const auto at = static_cast<std::size_t>(t);
    // The trapezoid is second order in the steps of ln SNR, which are longest at t = 1.
    const double tolerance = 2e-3 * normal_exact.y[at - 1] + 1e-8;
    findings.equal(concat("I(x_0; x_", t, ") of ±1, bits"),
                   coin_bits[at],
                   coin_exact.y[at - 1],
                   std::min(tolerance, 2e-3));
    findings.equal(concat("I(x_0; x_", t, ") of N(0,1), bits"),
                   normal_bits[at],
                   normal_exact.y[at - 1],
                   tolerance);
    measured.x.push_back(static_cast<double>(t));
    measured.y.push_back(coin_bits[at]);
  }
  findings.at_most("bits that x_T still has of N(0,1) data", normal_bits[1000], 1e-2);
  Panel left{.title = "What x_t tells of x_0",
             .x = {.label = "t", .from = 0.0, .to = 1000.0},
             .y = {.label = "I(x_0; x_t), bits", .from = 0.0, .to = 3.0},
             .layers = {normal_exact, coin_exact, measured}};
  Panel right{.title = "On a logarithmic scale",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "bits", .logarithmic = true, .from = 1e-5, .to = 10.0},
              .layers = {normal_exact, coin_exact, measured},
              .legend = Legend::kBottomLeft};
  findings.figure = {.title = "Mutual information of data and x_t", .columns = 2};
  findings.figure.panels = {left, right};
  return findings;
}

}  // namespace

Experiment mutual_information() {
  return make_experiment<MutualInformationOptions>(
      {.name = "mutual-information",
       .topic = "Forward process",
       .title = "x_T is nearly independent of x_0, and the denoiser's error says how nearly.",
       .text =
           "I(x_0; x_t) by quadrature for a coin and in closed form for Gaussian data. The grey "
           "points "
           "come from the best denoiser alone: half the area under its squared error over the "
           "signal-to-noise ratio is the information in nats (Guo, Shamai and Verdú 2005). So a "
           "network that estimates x_0 at every noise level has measured the data's entropy. At T "
           "of the linear schedule 3e-5 bits are left.",
       .shows = {"x_T is almost independent of x_0",
                 "the integral of the denoising error is information"}},
      run);
}

}  // namespace tessera::lab
