#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/process.h"
#include "lab/draws.h"
#include "lab/experiments/forward.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

struct EntropyGrowthOptions {
  double width = 0.1;
  std::int64_t draws = 40000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        width >= 0.01 && width <= 1, kInvalidArgument, "width must be 0.01 to 1, got ", width);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, EntropyGrowthOptions& o) {
  v("width", o.width, "deviation of each of the two lumps of data around ±1");
  v("draws", o.draws, "at each time");
  v("seed", o.seed, "of the draws");
}

/// Two lumps at ±c of variance v: data, or x_t of such data.
struct Lumps {
  double centre = 1.0;
  double variance = 0.01;
};
Lumps at_time(const ReferenceChain& chain, const Lumps& data, std::int64_t t) {
  return {std::sqrt(chain.kept(t)) * data.centre, chain.variance(t, data.variance)};
}

at::Tensor log_density(const Lumps& law, const at::Tensor& x) {
  const auto lump = [&](double c) {
    return -0.5 *
               ((x - c).square() / law.variance + std::log(2 * std::numbers::pi * law.variance)) -
           std::numbers::ln2;
  };
  return at::logaddexp(lump(-law.centre), lump(law.centre));
}

/// Entropy in nats by quadrature.
double entropy_of(const Lumps& law) {
  const auto density = [&](double x) {
    const auto lump = [&](double c) { return std::exp(-0.5 * (x - c) * (x - c) / law.variance); };
    return 0.5 * (lump(-law.centre) + lump(law.centre)) /
           std::sqrt(2 * std::numbers::pi * law.variance);
  };
  const double reach = law.centre + 10 * std::sqrt(law.variance);
  return integral(
      [&](double x) {
        const double p = density(x);
        return p > 0 ? -p * std::log(p) : 0.0;
      },
      -reach,
      reach,
      600);
}

at::Tensor draw(const Lumps& law, const EntropyGrowthOptions& o, std::uint32_t stream) {
  const at::Tensor side =
      at::where(draw_uniform({o.seed, stream}, {o.draws}) < 0.5, -1.0, 1.0).to(at::kDouble);
  return law.centre * side + std::sqrt(law.variance) * draw_normal({o.seed, stream}, {o.draws});
}

Findings run(const EntropyGrowthOptions& options, const Run& context) {
  EntropyGrowthOptions o = options;
  if (context.full()) o.draws *= 10;
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({}));
  const ReferenceChain chain(process.schedule().beta);
  // Lumps of unit variance in all, as data are scaled to; and lumps three times too far apart.
  const double shrink = 1 / std::sqrt(1 + o.width * o.width);
  const Lumps unit{shrink, shrink * shrink * o.width * o.width};
  const Lumps wide{3.0, 1.0};
  Findings findings;
  Panel panel{.title = "H(x_t)",
              .x = {.label = "t", .from = 0.0, .to = 1000.0},
              .y = {.label = "nats", .from = -1.2, .to = 2.4},
              .legend = Legend::kBottomRight};
  for (const auto& [name, data] : {std::pair{concat("two lumps, variance 1"), unit},
                                   std::pair{concat("two lumps, variance 10"), wide}}) {
    Curve curve{.label = name};
    Curve drawn{.stroke = Stroke::kPoints, .colour = Colour::kGrey};
    double smallest = 1e300;
    for (std::int64_t t = 0; t <= 1000; t += 20) {
      curve.x.push_back(static_cast<double>(t));
      curve.y.push_back(entropy_of(at_time(chain, data, t)));
      if (t > 0) smallest = std::min(smallest, curve.y.back() - curve.y[curve.y.size() - 2]);
    }
    for (const std::int64_t t : {0, 100, 300, 500, 1000}) {
      const auto number = static_cast<std::uint32_t>(t + (data.centre > 2 ? 5000 : 0));
      const at::Tensor x_t = process.q_sample(draw(data, o, number),
                                              times_of(t, o.draws),
                                              draw_normal({o.seed + 1, number}, {o.draws}));
      const Lumps law = at_time(chain, data, t);
      const Estimate measured = mean_of(-log_density(law, x_t));
      findings.near(concat(name, ": H(x_", t, "), nats"), measured, entropy_of(law));
      drawn.x.push_back(static_cast<double>(t));
      drawn.y.push_back(measured.value);
    }
    if (data.centre < 2)
      findings.at_least(name + ": smallest rise between times", smallest, 0.0, 1e-9);
    else
      findings.at_most(
          "wrong: \"entropy always grows\": smallest change, variance 10", smallest, -0.005);
    panel.layers.emplace_back(curve);
    panel.layers.emplace_back(drawn);
  }
  Curve conditional{.label = "H(x_t | x_0): always grows", .stroke = Stroke::kDashed};
  for (std::int64_t t = 1; t <= 1000; ++t) {
    conditional.x.push_back(static_cast<double>(t));
    conditional.y.push_back(0.5 * std::log(2 * std::numbers::pi * std::numbers::e * chain.lost(t)));
  }
  panel.layers.emplace_back(conditional);
  const double noise = 0.5 * std::log(2 * std::numbers::pi * std::numbers::e);
  panel.layers.emplace_back(Curve{.label = "H(N(0, 1))",
                                  .x = {0, 1000},
                                  .y = {noise, noise},
                                  .stroke = Stroke::kDotted,
                                  .colour = Colour::kBlack});
  Panel densities{.title = "Density of x_t, variance 1",
                  .x = {.label = "x_t", .from = -2.5, .to = 2.5},
                  .y = {.label = "density", .from = 0.0, .to = 1.6}};
  const auto grid = spaced(-2.5, 2.5, 400);
  for (const std::int64_t t : {0, 100, 200, 400, 1000}) {
    densities.layers.emplace_back(
        Curve{.label = concat("t = ", t),
              .x = grid,
              .y = numbers_of(log_density(at_time(chain, unit, t), tensor_of(grid)).exp())});
  }
  findings.figure = {.title = "Entropy along the chain", .columns = 2};
  findings.figure.panels = {densities, panel};
  return findings;
}

}  // namespace

Experiment entropy_growth() {
  return make_experiment<EntropyGrowthOptions>(
      {.name = "entropy-growth",
       .topic = "Forward process",
       .title = "For data of variance 1 the entropy of x_t grows to that of noise; for wider data "
                "it may fall.",
       .text = "H(x_t) of two lumps of data by quadrature of the density, with the mean of −ln q "
               "over draws "
               "of the library as points. Data scaled to variance 1 start below the entropy of "
               "N(0, 1), "
               "the largest that variance 1 allows, and rise to it. Data of variance 10 start "
               "above and "
               "come down: it is H(x_t | x_0) that grows whatever the data.",
       .shows = {"entropy grows along the chain for data of unit variance",
                 "it does not for wider data"}},
      run);
}

}  // namespace tessera::lab
