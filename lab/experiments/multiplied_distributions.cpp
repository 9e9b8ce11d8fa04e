#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/product.h"
#include "diffusion/gaussian/sampler.h"
#include "lab/affine_chain.h"
#include "lab/experiments/editing.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kCentre = 1.0;  // r(x) = N(x; 1, τ²), data N(0, 1)

struct MultipliedDistributionsOptions {
  std::int64_t steps = 1000;
};
template <typename Visitor>
void visit_fields(Visitor& v, MultipliedDistributionsOptions& o) {
  v("steps", o.steps, "steps T of the figure's chains; the exact rows are those of 1000");
}

enum Rule : std::size_t { kProduct, kMeanShift, kRamp, kGuidance, kExact, kRules };
constexpr const char* kNames[] = {"times r at every step",
                                  "mean + Σ∇log r",
                                  "times r^{(T-t+1)/T}",
                                  "mean + Σ∇log r_t(x_t)",
                                  "times r_{t-1}(x_{t-1})"};

struct MultipliedDistributionsCase {
  double tau2 = 0;
  std::array<Moments, kRules> law{};
};
/// The recursions in 40 digits, linear schedule.
const std::vector<MultipliedDistributionsCase>& exact_products() {
  static const std::vector<MultipliedDistributionsCase> cases{
      {1,
       {{{0.66641195794541, 0.33405062285875},
         {0.66742904707359, 0.3344127148259},
         {0.59620825020609, 0.37739560857059},
         {0.49911417215754, 0.50126646261232},
         {0.49998991022198, 0.50000000020361}}}},
      {0.25,
       {{{0.88882349204512, 0.11157100403842},
         {0.88986652197145, 0.11166638992096},
         {0.87278529861114, 0.12185221303753},
         {0.79928664130204, 0.20112773652971},
         {0.79999354246388, 0.20000000005212}}}},
      {4,
       {{{0.33280197194421, 0.6673007782192},
         {0.33316165022729, 0.66780983953392},
         {0.24514776690651, 0.72472976804241},
         {0.19950986570353, 0.80068602885951},
         {0.19999354262025, 0.80000000020849}}}},
  };
  return cases;
}

/// The reverse step of unit Gaussian data at x = 0 and 1, before r is multiplied in.
GaussianMoments plain_step(const World& world, const at::Tensor& x, std::int64_t t) {
  const at::Tensor time = at::full({2}, t, at::kLong);
  const AnswerKind kind{.variance = GaussianVariance::kDiagonal};
  return reverse_moments(world.process,
                         {.estimate = make_estimate(world.process,
                                                    world.denoiser->forward(x, time, {}),
                                                    kind,
                                                    {.x_t = x, .t = time},
                                                    unlimited()),
                          .x_t = x,
                          .time = {.from = t, .to = t - 1}},
                         GaussianVariance::kDiagonal);
}

GaussianMoments bent_step(const GaussianMoments& plain,
                          const GaussianSchedule& schedule,
                          const at::Tensor& x,
                          std::int64_t t,
                          double tau2,
                          Rule rule) {
  const at::Tensor centre = at::scalar_tensor(kCentre, at::kDouble);
  const GaussianFactor r{.centre = centre, .variance = tau2};
  const auto steps = static_cast<double>(schedule.steps());
  switch (rule) {
    case kProduct:
      return multiply_exact(plain, r, 1.0);
    case kMeanShift:
      return multiply_shift(plain, log_gradient(r, plain.mean));
    case kRamp:
      return multiply_exact(plain, r, (steps - static_cast<double>(t) + 1) / steps);
    case kGuidance: {
      // r_t(x) = ∫ r(x_0) q(x_0 | x_t = x) dx_0 = N(√ᾱ x; centre, 1 - ᾱ + τ²): the exact
      // classifier.
      const double a = schedule.signal(t);
      const GaussianFactor told{.centre = centre / a,
                                .variance = (schedule.noise_variance(t) + tau2) / (a * a)};
      return multiply_shift(plain, log_gradient(told, x));
    }
    default: {
      const double a = schedule.signal(t - 1);
      const double rest = t == 1 ? 0.0 : schedule.noise_variance(t - 1);
      return multiply_exact(
          plain, {.centre = centre / a, .variance = (rest + tau2) / (a * a)}, 1.0);
    }
  }
}

/// Laws of the output under every rule, the last step's noise kept.
std::array<Moments, kRules> output_laws(const GaussianSchedule& schedule, double tau2) {
  const World world = normal_world(schedule, 0, 1, {.variance = GaussianVariance::kDiagonal});
  const at::Tensor x = at::tensor({0.0, 1.0}, at::kDouble).view({2, 1, 1, 1});
  std::array<Moments, kRules> laws{};
  for (std::int64_t t = schedule.steps(); t >= 1; --t) {
    const GaussianMoments plain = plain_step(world, x, t);
    for (std::size_t rule = 0; rule < kRules; ++rule) {
      const GaussianMoments bent = bent_step(plain, schedule, x, t, tau2, static_cast<Rule>(rule));
      const std::vector<double> mean = numbers_of(bent.mean);
      const AffineStep step{.slope = mean[1] - mean[0],
                            .offset = mean[0],
                            .noise = (0.5 * bent.log_variance.flatten()[0]).exp().item<double>()};
      laws[rule] = step.carry(laws[rule]);
    }
  }
  return laws;
}

std::vector<double> bell(const std::vector<double>& x, const Moments& law) {
  return values_of(
      [&](double at) {
        return std::exp(-(at - law.mean) * (at - law.mean) / (2 * law.variance)) /
               std::sqrt(2 * std::numbers::pi * law.variance);
      },
      x);
}

Panel density_panel(const std::array<Moments, kRules>& laws) {
  Panel panel{.title = "data N(0, 1), r = N(x; 1, 1)",
              .x = {.label = "x_0", .from = -2, .to = 2.5},
              .y = {.label = "density", .from = 0, .to = 0.95},
              .legend = Legend::kTopLeft};
  const std::vector<double> x = spaced(-2, 2.5, 300);
  panel.layers.emplace_back(Curve{.label = "data p",
                                  .x = x,
                                  .y = bell(x, {0, 1}),
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kGrey});
  panel.layers.emplace_back(Curve{.label = "p r, the posterior",
                                  .x = x,
                                  .y = bell(x, {0.5, 0.5}),
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  for (const Rule rule : {kProduct, kRamp, kExact}) {
    panel.layers.emplace_back(Curve{.label = kNames[rule], .x = x, .y = bell(x, laws[rule])});
  }
  return panel;
}

Panel bias_panel(const GaussianSchedule& schedule) {
  Panel panel{.title = "mean of the samples, against the truth",
              .x = {.label = "width τ^2 of r", .logarithmic = true, .from = 0.1, .to = 10},
              .y = {.label = "mean", .from = 0, .to = 1}};
  const std::vector<double> widths = geometric(0.1, 10, 7);
  std::array<Curve, kRules> curves;
  for (const double tau2 : widths) {
    const auto laws = output_laws(schedule, tau2);
    for (std::size_t rule = 0; rule < kRules; ++rule) {
      curves[rule].x.push_back(tau2);
      curves[rule].y.push_back(laws[rule].mean);
    }
  }
  const std::vector<double> fine = geometric(0.1, 10, 80);
  panel.layers.emplace_back(Curve{.label = "p r",
                                  .x = fine,
                                  .y = values_of([](double w) { return 1 / (1 + w); }, fine),
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  panel.layers.emplace_back(Curve{.label = "p r^2",
                                  .x = fine,
                                  .y = values_of([](double w) { return 2 / (2 + w); }, fine),
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kBlack});
  for (const Rule rule : {kProduct, kRamp, kGuidance}) {
    curves[rule].label = kNames[rule];
    curves[rule].stroke = Stroke::kPoints;
    panel.layers.emplace_back(curves[rule]);
  }
  return panel;
}

Findings run(const MultipliedDistributionsOptions& options, const Run& context) {
  Findings findings;
  const GaussianSchedule linear = make_gaussian_schedule({});
  for (const MultipliedDistributionsCase& c : exact_products()) {
    context.check_stop();
    const auto laws = output_laws(linear, c.tau2);
    for (std::size_t rule = 0; rule < kRules; ++rule) {
      const std::string name = concat("τ²=", c.tau2, ", ", kNames[rule]);
      findings.equal(name + ": mean", laws[rule].mean, c.law[rule].mean, 1e-8);
      findings.equal(name + ": variance", laws[rule].variance, c.law[rule].variance, 1e-8);
    }
    findings.equal(concat("τ²=", c.tau2, ", times r at every step: mean of p r²"),
                   laws[kProduct].mean,
                   2 / (2 + c.tau2),
                   1e-3);
  }
  const auto count = static_cast<double>(options.steps);
  const GaussianSchedule coarse =
      options.steps == 1000
          ? linear
          : make_gaussian_schedule(
                {.steps = options.steps, .first = 0.1 / count, .last = 20 / count});
  const GaussianSchedule quick =
      make_gaussian_schedule({.steps = 200, .first = 0.1 / 200, .last = 20.0 / 200});
  findings.figure = {.title = "Multiplying a diffusion by r(x)", .columns = 2};
  findings.figure.panels = {density_panel(output_laws(coarse, 1)), bias_panel(quick)};
  return findings;
}

}  // namespace

Experiment multiplied_distributions() {
  return make_experiment<MultipliedDistributionsOptions>(
      {.name = "multiplied-distributions",
       .topic = "Using the chain",
       .title = "A constant r at every step samples p·r², not p·r; a factor that knows the time is "
                "right.",
       .text =
           "Sohl-Dickstein et al. (2015) multiply every reverse step by r to sample from p(x)r(x). "
           "For unit Gaussian data and Gaussian r all rules stay Gaussian and can be followed "
           "exactly. With r constant and small steps the result is p·r². Ramping r up hits a "
           "place between the two that depends on the schedule. Guidance by the gradient of "
           "r_t(x_t) = ∫ r(x_0) q(x_0 | x_t) dx_0, the classifier's rule, is right up to the "
           "step size, and multiplying by r_{t-1}(x_{t-1}) is exact.",
       .shows = {"multiplying distributions, three formulas",
                 "constant r gives p·r²",
                 "time-dependent r gives p·r"}},
      run);
}

}  // namespace tessera::lab
