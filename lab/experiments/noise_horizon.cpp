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

struct NoiseHorizonOptions {
  double square = 1.0;
  void validate() const {
    TESSERA_CHECK(
        square >= 0 && square <= 1e4, kInvalidArgument, "square must be 0 to 1e4, got ", square);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, NoiseHorizonOptions& o) {
  v("square", o.square, "x_0², of the value that is drowned");
}

struct NoiseHorizonKind {
  std::string label{};
  diffusion::GaussianScheduleOptions options{};
  double bits = 0.0;  // L_T for x_0 = 1, fifty digits
};
const std::vector<NoiseHorizonKind>& kinds() {
  static const std::vector<NoiseHorizonKind> all = {
      {"linear", {.kind = "linear"}, 2.9112945420307916e-05},
      {"cosine", {.kind = "cosine"}, 1.7519849882545084e-09},
      {"quadratic", {.kind = "quadratic"}, 0.000529239358283028},
      {"scaled linear",
       {.kind = "scaled-linear", .first = 0.00085, .last = 0.012},
       0.0033694075047866205},
      {"constant 0.02", {.kind = "constant", .first = 0.02}, 1.2140043311382967e-09},
      {"sigmoid", {.kind = "sigmoid"}, 2.1660568870122163e-07}};
  return all;
}

/// KL(N(m, v) ‖ N(0, 1)) in bits by quadrature.
double by_quadrature(double m, double v) {
  const auto log_ratio = [&](double x) {
    return -0.5 * ((x - m) * (x - m) / v + std::log(v)) + 0.5 * x * x;
  };
  const double s = std::sqrt(v);
  return integral(
             [&](double x) {
               return std::exp(-0.5 * (x - m) * (x - m) / v) /
                      (s * std::sqrt(2 * std::numbers::pi)) * log_ratio(x);
             },
             m - 12 * s,
             m + 12 * s) /
         std::numbers::ln2;
}

void compare(Findings& findings, const NoiseHorizonOptions& o) {
  for (const NoiseHorizonKind& kind : kinds()) {
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    findings.equal(kind.label + ": L_T of x_0 = 1, bits",
                   diffusion::prior_divergence(schedule, 1000, 1.0) / std::numbers::ln2,
                   kind.bits,
                   1e-9 * kind.bits);
    const ReferenceChain chain(schedule.beta);
    for (const std::int64_t t : {50, 400}) {
      findings.equal(concat(kind.label, ", t = ", t, ": KL(q(x_t | x_0) ‖ N(0,1)), bits"),
                     diffusion::prior_divergence(schedule, t, o.square) / std::numbers::ln2,
                     by_quadrature(std::sqrt(chain.kept(t) * o.square), chain.lost(t)),
                     1e-11);
    }
  }
  const auto linear = diffusion::make_gaussian_schedule({.kind = "linear"});
  const auto cosine = diffusion::make_gaussian_schedule({.kind = "cosine"});
  const std::vector<double> bounds = {1e-2, 1e-3, 1e-4};
  const std::vector<std::int64_t> of_linear = {651, 807, 937};
  const std::vector<std::int64_t> of_cosine = {925, 977, 993};
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    findings.equal(concat("linear: first t below ", bounds[i], " bits"),
                   static_cast<double>(diffusion::steps_until_noise(linear, 1.0, bounds[i])),
                   static_cast<double>(of_linear[i]),
                   0.0);
    findings.equal(concat("cosine: first t below ", bounds[i], " bits"),
                   static_cast<double>(diffusion::steps_until_noise(cosine, 1.0, bounds[i])),
                   static_cast<double>(of_cosine[i]),
                   0.0);
  }
  // Where ᾱ is near 1 the value is still the data, bits away from noise.
  findings.at_least("wrong: \"ᾱ → 1 makes x_t N(0,1)\": KL at t = 1, where ᾱ = 0.9999, bits",
                    diffusion::prior_divergence(linear, 1, 1.0) / std::numbers::ln2,
                    6.0);
}

Findings run(const NoiseHorizonOptions& o, const Run& /*context*/) {
  Findings findings;
  compare(findings, o);
  Panel panel{.title = concat("KL(q(x_t | x_0) ‖ N(0, 1)) for x_0^2 = ", o.square),
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "bits", .logarithmic = true, .from = 1e-9, .to = 20.0},
              .legend = Legend::kBottomLeft};
  Panel against{
      .title = "The same over ᾱ: one curve, and ᾱ → 0 is noise",
      .x = {.label = "ᾱ_t", .logarithmic = true, .reversed = true, .from = 1e-9, .to = 1.0},
      .y = {.label = "bits", .logarithmic = true, .from = 1e-9, .to = 20.0},
      .legend = Legend::kTopRight};
  for (const NoiseHorizonKind& kind : kinds()) {
    const auto schedule = diffusion::make_gaussian_schedule(kind.options);
    Curve curve{.label = kind.label};
    for (std::int64_t t = 1; t <= 1000; ++t) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(diffusion::prior_divergence(schedule, t, o.square) / std::numbers::ln2);
    }
    Curve other = curve;
    other.x.assign(schedule.alpha_bar.begin() + 1, schedule.alpha_bar.end());
    panel.layers.emplace_back(curve);
    against.layers.emplace_back(other);
  }
  for (const double bits : {1e-2, 1e-4}) {
    panel.layers.emplace_back(Curve{
        .x = {0, 1000}, .y = {bits, bits}, .stroke = Stroke::kDotted, .colour = Colour::kGrey});
  }
  findings.figure = {.title = "At which t is x_t noise?", .columns = 2};
  findings.figure.panels = {panel, against};
  return findings;
}

}  // namespace

Experiment noise_horizon() {
  return make_experiment<NoiseHorizonOptions>(
      {.name = "noise-horizon",
       .topic = "Forward process",
       .title = "How large T must be: the bits in which x_t still differs from noise.",
       .text =
           "For one value the law of x_t is N(√ᾱ x_0, 1−ᾱ), and its divergence from N(0, 1) is "
           "L_t. At "
           "T it is the prior term of the bound, without parameters: 2.9e-5 bits for the linear "
           "schedule, as small as DDPM wanted it. The √β-linear schedule of latent diffusion keeps "
           "a hundred times more, seven per cent of the amplitude. All curves are one over ᾱ: what "
           "makes noise is ᾱ → 0, "
           "not ᾱ → 1 as one set of notes has it.",
       .shows = {"at which t x_t is Gaussian noise",
                 "L_T is constant and nearly 0",
                 "1e-4 to 0.02 makes L_T small",
                 "noise is ᾱ → 0, not ᾱ → 1"}},
      run);
}

}  // namespace tessera::lab
