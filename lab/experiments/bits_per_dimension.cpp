#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/coding.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct BitsPerDimensionOptions {
  std::int64_t pixels = 3000;
  std::uint64_t seed = 7;
};
template <typename Visitor>
void visit_fields(Visitor& v, BitsPerDimensionOptions& o) {
  v("pixels", o.pixels, "random pixels that the Monte Carlo bound is measured on");
  v("seed", o.seed, "seed of pixels and noise");
}

/// Both ends scaled with the number of steps, so that all end alike.
GaussianSchedule linear(std::int64_t steps) {
  const auto count = static_cast<double>(steps);
  return make_gaussian_schedule({.steps = steps, .first = 0.1 / count, .last = 20 / count});
}

FiniteLaw signs() {
  return {.values = {-1, 1}, .probabilities = {0.5, 0.5}};
}
FiniteLaw pixels() {
  FiniteLaw law;
  for (int k = 0; k < 256; ++k) {
    law.values.push_back(k / 127.5 - 1);
    law.probabilities.push_back(1.0 / 256);
  }
  return law;
}

struct BitsPerDimensionCase {
  const char* data = "";
  std::int64_t steps = 0;
  double first = 0;  // L_0
  double large = 0;  // total, sigma^2 = beta
  double small = 0;  // total, sigma^2 = beta~
};
/// By quadrature on two grids, independently of the library.
constexpr BitsPerDimensionCase kBitsPerDimensionCases[] = {
    {"±1", 50, 0.8938055215824715, 3.162668245914117, 2.0553584543216514},
    {"±1", 250, 0.745178613302827, 2.483514581935164, 1.773210787070918},
    {"±1", 1000, 0.50982507021487, 1.9970079489012367, 1.5166659256535684},
    {"uniform pixels", 50, 4.521270273638451, 8.102740375840447, 10.754300962190722},
    {"uniform pixels", 100, 4.051027225178611, 8.08298930234832, 9.758714345970887},
    {"uniform pixels", 1000, 2.499444002466469, 8.123006730761295, 8.757056378788665}};

struct Bounds {
  FiniteBound large{}, small{};  // sigma^2 = beta, beta~
};
Bounds bounds_of(std::int64_t steps, const FiniteLaw& law) {
  const GaussianSchedule schedule = linear(steps);
  const std::vector<double> errors = finite_data_errors(schedule, law);
  return {.large = finite_bound(schedule, law, errors, "large"),
          .small = finite_bound(schedule, law, errors, "small")};
}

/// Stacked areas over T: L_0 below, the sum of the others above.
Panel stack_panel(const std::string& title,
                  const FiniteLaw& law,
                  const std::vector<std::int64_t>& steps,
                  double top) {
  Panel panel{.title = title,
              .x = {.label = "steps T", .logarithmic = true},
              .y = {.label = "bits a pixel", .from = 0, .to = top},
              .legend = Legend::kBelow};
  Band first{.label = "L_0, the last step"};
  Band rest{.label = "ΣL_{t-1} and L_T"};
  Curve small{
      .label = "total with σ^2 = β̃", .stroke = Stroke::kMarked, .colour = Colour::kVermilion};
  for (const std::int64_t count : steps) {
    const Bounds bounds = bounds_of(count, law);
    const FiniteBound& bound = bounds.large;
    for (std::vector<double>* x : {&first.x, &rest.x, &small.x}) {
      x->push_back(static_cast<double>(count));
    }
    first.low.push_back(0);
    first.high.push_back(bound.first);
    rest.low.push_back(bound.first);
    rest.high.push_back(bound.total());
    small.y.push_back(bounds.small.total());
  }
  const double entropy = entropy_bits(law);
  panel.layers = {first, rest, small};
  panel.layers.emplace_back(Curve{.label = "entropy: no code is shorter",
                                  .x = {first.x.front(), first.x.back()},
                                  .y = {entropy, entropy},
                                  .stroke = Stroke::kDashed,
                                  .colour = Colour::kBlack});
  return panel;
}

/// Pictures of one random pixel through the bound itself, with the exact network of the 256 values.
Estimate measured_bits(const BitsPerDimensionOptions& options) {
  const GaussianSchedule schedule = linear(50);
  const World world =
      picture_world(schedule, from_pixels(at::arange(256), at::kDouble).view({256, 1, 1, 1}));
  const at::Tensor drawn = (draw_uniform({.seed = options.seed}, {options.pixels}) * 256).floor();
  const BoundTerms terms =
      GaussianBound(world.process, *world.denoiser, {.decoder = "pixels", .threshold = unlimited()})
          .evaluate({.x0 = from_pixels(drawn, at::kDouble).view({-1, 1, 1, 1})},
                    nn::Rng::of_run(options.seed, 0, options.pixels));
  return mean_of(terms.bits());
}

Findings run(const BitsPerDimensionOptions& options, const Run& context) {
  Findings findings;
  for (const BitsPerDimensionCase& c : kBitsPerDimensionCases) {
    const bool binary = std::string(c.data) == "±1";
    if (c.steps > 250 && !binary && !context.full()) continue;
    context.check_stop();
    const FiniteLaw law = binary ? signs() : pixels();
    const Bounds bounds = bounds_of(c.steps, law);
    const FiniteBound& large = bounds.large;
    const std::string name = concat(c.data, ", T=", c.steps);
    findings.equal(name + ": L_0, bits", large.first, c.first, 1e-6);
    findings.equal(name + ": total, σ^2 = β", large.total(), c.large, 1e-6);
    if (c.steps < 250) {
      findings.equal(name + ": total, σ^2 = β̃", bounds.small.total(), c.small, 1e-6);
    }
    if (c.steps == 1000) {
      findings.at_least(name + ": L_0's share of the bits", large.first / large.total(), 0.25);
    }
  }
  findings.near("uniform pixels, T=50: bound measured on random pixels",
                measured_bits(options),
                8.102740375840447);
  const FiniteBound fine = bounds_of(100, pixels()).large;
  findings.at_least(
      "uniform pixels, T=100: L_0's share of the bits", fine.first / fine.total(), 0.25);
  findings.figure = {.title = "Bits a pixel with a perfect network", .columns = 2};
  std::vector<std::int64_t> many{25, 50, 100, 250, 500, 1000};
  if (context.full()) many.push_back(4000);
  findings.figure.panels = {
      stack_panel("data ±1 (1 bit)", signs(), many, 4),
      stack_panel("uniform pixels (8 bits)", pixels(), {25, 50, 100, 200}, 13)};
  findings.notes.push_back(
      "L_0 is one of T steps in L_simple and a quarter to a half of the bits: it is no small "
      "edge.");
  return findings;
}

}  // namespace

Experiment bits_per_dimension() {
  return make_experiment<BitsPerDimensionOptions>(
      {.name = "bits-per-dimension",
       .topic = "Bits and codes",
       .title = "The bound is a code length: how many bits a lossless code of this model needs.",
       .text =
           "For data of a few known values the best network is known, so the bound can be computed "
           "exactly and compared with the entropy, the floor of every code. What is above the "
           "floor is the price of Gaussian reverse steps. The last step L_0, one of T in the "
           "training loss, is a large share of the bits; with more steps its width shrinks and "
           "the bits go to the other terms. A sheet of random pixels is a test with a known "
           "answer: 8.1027 bits at T = 50.",
       .shows = {"bits per dimension, lossless code length",
                 "L_0 is not negligible in bits",
                 "more steps help bits"}},
      run);
}

}  // namespace tessera::lab
