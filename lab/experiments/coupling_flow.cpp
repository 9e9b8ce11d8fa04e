#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "lab/draws.h"
#include "lab/experiments/families.h"
#include "lab/numbers.h"
#include "lab/series.h"
#include "lab/tiny_network.h"

namespace tessera::lab {
namespace {

constexpr double kWidth = 0.15;  // deviation of the data around their curve

struct CouplingFlowOptions {
  std::int64_t layers = 6;
  std::int64_t rounds = 350;
  std::uint64_t seed = 24;
};
template <typename Visitor>
void visit_fields(Visitor& v, CouplingFlowOptions& o) {
  v("layers", o.layers, "coupling layers, each moving one coordinate");
  v("rounds", o.rounds, "training steps of 500 points");
  v("seed", o.seed, "seed of data and weights");
}

/// Two half moons, [n, 2].
at::Tensor moon(const at::Tensor& u) {
  const at::Tensor upper = u < 0.5;
  const at::Tensor angle = (u * 2).remainder(1.0) * std::numbers::pi;
  const at::Tensor x = at::where(upper, angle.cos() - 0.5, 0.5 - angle.cos());
  const at::Tensor y = at::where(upper, angle.sin() - 0.25, 0.25 - angle.sin());
  return at::stack({x * 1.2, y * 1.8}, 1);
}

at::Tensor draw_moons(const CouplingFlowOptions& options,
                      std::uint32_t number,
                      std::int64_t count) {
  return moon(draw_uniform({options.seed, number}, {count})) +
         kWidth * draw_normal({options.seed, number + 1}, {count, 2});
}

/// ln of the data's density, from 400 points of the curve.
at::Tensor log_density(const at::Tensor& x) {
  constexpr std::int64_t kBells = 400;
  const at::Tensor centres = moon((at::arange(kBells, at::kDouble) + 0.5) / kBells);
  const at::Tensor distance = at::cdist(x, centres).square();
  return (distance / (-2 * kWidth * kWidth)).logsumexp(1) -
         std::log(kBells * 2 * std::numbers::pi * kWidth * kWidth);
}

/// Affine couplings (Dinh et al. 2017): one coordinate is scaled and shifted by what a small
/// network makes of the other, which stays; so the inverse is known, and so is the Jacobian.
class Flow {
 public:
  explicit Flow(const CouplingFlowOptions& options) {
    for (std::int64_t i = 0; i < options.layers; ++i) {
      layers_.emplace_back(std::vector<std::int64_t>{1, 32, 32, 2},
                           options.seed + static_cast<std::uint64_t>(i));
    }
  }
  std::vector<at::Tensor> parameters() const {
    std::vector<at::Tensor> all;
    for (const TinyNetwork& layer : layers_) {
      for (const at::Tensor& one : layer.parameters()) all.push_back(one);
    }
    return all;
  }
  struct Latent {
    at::Tensor z{};           // [n, 2]
    at::Tensor log_volume{};  // [n], ln |det dz/dx|
  };
  Latent forward(const at::Tensor& x) const {
    at::Tensor kept = x.slice(1, 0, 1);
    at::Tensor moved = x.slice(1, 1, 2);
    at::Tensor volume = at::zeros_like(kept);
    for (const TinyNetwork& layer : layers_) {
      const auto [log_scale, shift] = rule(layer, kept);
      moved = moved * log_scale.exp() + shift;
      volume = volume + log_scale;
      std::swap(kept, moved);
    }
    return {.z = at::cat({kept, moved}, 1), .log_volume = volume.squeeze(1)};
  }
  at::Tensor inverse(const at::Tensor& z) const {
    at::Tensor kept = z.slice(1, 0, 1);
    at::Tensor moved = z.slice(1, 1, 2);
    for (std::size_t i = layers_.size(); i-- > 0;) {
      std::swap(kept, moved);
      const auto [log_scale, shift] = rule(layers_[i], kept);
      moved = (moved - shift) * (-log_scale).exp();
    }
    return at::cat({kept, moved}, 1);
  }
  at::Tensor nats(const at::Tensor& x) const {
    const Latent latent = forward(x);
    return 0.5 * latent.z.square().sum(1) + std::log(2 * std::numbers::pi) - latent.log_volume;
  }

 private:
  struct Rule {
    at::Tensor log_scale{}, shift{};
  };
  static Rule rule(const TinyNetwork& layer, const at::Tensor& kept) {
    const at::Tensor out = layer(kept);
    return {.log_scale = 1.5 * (out.slice(1, 0, 1) / 1.5).tanh(), .shift = out.slice(1, 1, 2)};
  }
  std::vector<TinyNetwork> layers_;
};

at::Tensor grid(double half, std::int64_t side) {
  const at::Tensor line = tensor_of(spaced(-half, half, side));
  return at::stack({line.repeat({side}), line.repeat_interleave(side)}, 1);
}

Panel density_panel(const std::string& title,
                    const at::Tensor& density,
                    double half,
                    std::int64_t side) {
  Panel panel{.title = title,
              .x = {.from = -2.6, .to = 2.6},
              .y = {.from = -2.6, .to = 2.6},
              .legend = Legend::kNone,
              .equal_scales = true};
  panel.layers.emplace_back(HeatMap{.columns = side,
                                    .rows = side,
                                    .values = numbers_of(density),
                                    .x_first = -half,
                                    .x_last = half,
                                    .y_first = -half,
                                    .y_last = half});
  return panel;
}

/// Circles and rays of the latent plane, carried to the data.
Panel net_panel(const Flow& flow, const at::Tensor& data) {
  Panel panel{.title = "circles and rays of z, carried to x",
              .x = {.from = -2.6, .to = 2.6},
              .y = {.from = -2.6, .to = 2.6},
              .legend = Legend::kNone,
              .equal_scales = true};
  panel.layers.emplace_back(Curve{.x = numbers_of(data.select(1, 0)),
                                  .y = numbers_of(data.select(1, 1)),
                                  .stroke = Stroke::kDots,
                                  .colour = Colour::kSky});
  const auto add = [&](const at::Tensor& z, Colour colour) {
    const at::Tensor x = flow.inverse(z.to(at::kFloat));
    panel.layers.emplace_back(Curve{.x = numbers_of(x.select(1, 0)),
                                    .y = numbers_of(x.select(1, 1)),
                                    .stroke = Stroke::kThin,
                                    .colour = colour});
  };
  const at::Tensor turn = tensor_of(spaced(0, 2 * std::numbers::pi, 200));
  for (const double radius : {0.5, 1.0, 1.5, 2.0}) {
    add(radius * at::stack({turn.cos(), turn.sin()}, 1), Colour::kVermilion);
  }
  const at::Tensor reach = tensor_of(spaced(0, 2, 60));
  for (int ray = 0; ray < 12; ++ray) {
    const double angle = ray * std::numbers::pi / 6;
    add(at::stack({reach * std::cos(angle), reach * std::sin(angle)}, 1), Colour::kGrey);
  }
  return panel;
}

Findings run(const CouplingFlowOptions& options, const Run& context) {
  Findings findings;
  const Flow flow(options);
  Adam adam(flow.parameters());
  const std::int64_t rounds = options.rounds * (context.full() ? 10 : 1);
  for (std::int64_t round = 0; round < rounds; ++round) {
    if (round % 100 == 0) context.report("training", round, rounds);
    const at::Tensor x =
        draw_moons(options, static_cast<std::uint32_t>(100 + 2 * round), 500).to(at::kFloat);
    const double left = 1 - static_cast<double>(round) / static_cast<double>(rounds);
    adam.minimise(flow.nats(x).mean(), 0.01 * left + 2e-4);
  }
  const at::NoGradGuard no_grad;
  const at::Tensor test = draw_moons(options, 10, 4000);
  const at::Tensor single = test.to(at::kFloat);
  findings.equal("largest |x - inverse(forward(x))|",
                 largest_difference(flow.inverse(flow.forward(single).z), single),
                 0,
                 1e-4);
  constexpr double kHalf = 4.5;
  constexpr std::int64_t kSide = 301;
  const at::Tensor where = grid(kHalf, kSide);
  const at::Tensor density = (-flow.nats(where.to(at::kFloat)).to(at::kDouble)).exp();
  const double cell = std::pow(2 * kHalf / (kSide - 1), 2);
  findings.equal("integral of the flow's density", density.sum().item<double>() * cell, 1, 0.01);
  // The Jacobian's determinant against finite differences of the map itself.
  const at::Tensor few = single.slice(0, 0, 50);
  constexpr double kStep = 1e-2;
  const at::Tensor e1 = at::tensor({kStep, 0.0}, at::kFloat),
                   e2 = at::tensor({0.0, kStep}, at::kFloat);
  const at::Tensor d1 = (flow.forward(few + e1).z - flow.forward(few - e1).z) / (2 * kStep);
  const at::Tensor d2 = (flow.forward(few + e2).z - flow.forward(few - e2).z) / (2 * kStep);
  const at::Tensor det =
      (d1.select(1, 0) * d2.select(1, 1) - d1.select(1, 1) * d2.select(1, 0)).abs();
  findings.equal("ln |det| against finite differences, median error",
                 (det.log() - flow.forward(few).log_volume).abs().median().item<double>(),
                 0,
                 5e-3);
  const Estimate nats = mean_of(flow.nats(single));
  const Estimate entropy = mean_of(-log_density(test));
  const Estimate gap = mean_of(flow.nats(single).to(at::kDouble) + log_density(test));
  findings.at_least("mean -ln p of the flow - that of the data's own density",
                    gap.value,
                    0,
                    4.5 * gap.standard_error);
  findings.at_most("the same, after training", gap.value, 0.35);
  findings.figure = {.title = "A normalising flow: an invertible map with a known volume",
                     .columns = 3,
                     .height = 640};
  constexpr double kShown = 2.6;
  constexpr std::int64_t kCells = 105;
  const at::Tensor cells = grid(kShown, kCells);
  findings.figure.panels = {
      density_panel("density of the data", log_density(cells).exp(), kShown, kCells),
      density_panel(
          "density of the flow", (-flow.nats(cells.to(at::kFloat))).exp(), kShown, kCells),
      net_panel(flow, test.slice(0, 0, 800))};
  findings.notes.push_back(concat(
      "-ln p on fresh data: flow ", nats.value, ", data's own density ", entropy.value, " nats."));
  return findings;
}

}  // namespace

Experiment coupling_flow() {
  return make_experiment<CouplingFlowOptions>(
      {.name = "coupling-flow",
       .topic = "Families",
       .title = "A flow is invertible by construction and its likelihood is exact.",
       .text =
           "Each layer leaves one coordinate as it is and scales and shifts the other by what a "
           "small network makes of the first (Dinh et al. 2017). The inverse is a subtraction "
           "and a division, the volume a sum of log scales, so -ln p is exact: the density "
           "integrates to one after any amount of training. The net on the right shows what the "
           "map does to the plane; it must stretch a bell into two arcs without tearing.",
       .shows = {"flow: invertible, exact likelihood"}},
      run);
}

}  // namespace tessera::lab
