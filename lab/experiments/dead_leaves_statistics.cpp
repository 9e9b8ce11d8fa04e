#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "lab/dead_leaves.h"
#include "lab/draws.h"
#include "lab/experiments/pictures.h"
#include "lab/pictures.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct DeadLeavesStatisticsOptions {
  std::int64_t pictures = 150;
  std::int64_t side = 64;
  double smallest = 2;
  double largest = 20;
  std::uint64_t seed = 15;
};
template <typename Visitor>
void visit_fields(Visitor& v, DeadLeavesStatisticsOptions& o) {
  v("pictures", o.pictures, "pictures that the statistics are measured on");
  v("side", o.side, "side of a picture in pixels");
  v("smallest", o.smallest, "least radius of a leaf in pixels");
  v("largest", o.largest, "largest radius");
  v("seed", o.seed, "seed of the leaves");
}

/// Correlation of pixels `distance` apart, a number each picture: rows and columns alike.
at::Tensor correlations(const at::Tensor& pictures, std::int64_t distance) {
  const std::int64_t side = pictures.size(2);
  const at::Tensor right = pictures.slice(3, 0, side - distance) * pictures.slice(3, distance);
  const at::Tensor down = pictures.slice(2, 0, side - distance) * pictures.slice(2, distance);
  return 3 * 0.5 * (right.mean({1, 2, 3}) + down.mean({1, 2, 3}));  // greys have variance 1/3
}

Findings run(const DeadLeavesStatisticsOptions& options, const Run& context) {
  Findings findings;
  const DeadLeaves kind{.side = options.side,
                        .smallest = options.smallest,
                        .largest = options.largest,
                        .seed = options.seed};
  const std::int64_t count = options.pictures * (context.full() ? 20 : 1);
  const at::Tensor pictures = draw_dead_leaves(kind, 0, count).to(at::kDouble);
  findings.near("mean grey", mean_of(pictures.mean({1, 2, 3})), 0);
  findings.near("variance of a pixel", mean_of(pictures.square().mean({1, 2, 3})), 1.0 / 3);
  Curve measured{.label = "measured", .stroke = Stroke::kPoints};
  Curve same{.label = "g(d) / (2g(0) - g(d))"};
  for (std::int64_t distance = 1; distance < std::min<std::int64_t>(options.side, 42);
       distance += distance < 8 ? 1 : 4) {
    const Estimate estimate = mean_of(correlations(pictures, distance));
    measured.x.push_back(static_cast<double>(distance));
    measured.y.push_back(estimate.value);
    if (distance == 1 || distance == 4 || distance == 12) {
      findings.near(concat("correlation of pixels ", distance, " apart"),
                    estimate,
                    same_leaf_probability(kind, static_cast<double>(distance)));
    }
  }
  for (const double distance : spaced(0, measured.x.back(), 60)) {
    same.x.push_back(distance);
    same.y.push_back(same_leaf_probability(kind, distance));
  }
  Panel curve{.title = "correlation = P(both pixels on one leaf)",
              .x = {.label = "distance in pixels", .from = 0},
              .y = {.label = "correlation", .from = 0, .to = 1}};
  curve.layers = {same, measured};
  Panel sheet = sheet_panel(pictures.slice(0, 0, 6), {.columns = 3, .enlarge = 1}, {}, {});
  sheet.title = "radii with density ~ r^{-3}: alike at every scale";
  findings.figure = {.title = "Dead leaves: pictures with edges and known statistics",
                     .columns = 2};
  findings.figure.panels = {sheet, curve};
  return findings;
}

}  // namespace

Experiment dead_leaves_statistics() {
  return make_experiment<DeadLeavesStatisticsOptions>(
      {.name = "dead-leaves",
       .topic = "On pictures",
       .title = "Overlapping discs have the occlusion and scaling of natural pictures, and exact "
                "statistics.",
       .text =
           "Discs whose radii fall off as r⁻³ are laid over each other until the ground is covered "
           "(Lee, Mumford and Huang 2001; the synthetic data of Sohl-Dickstein et al. 2015). Two "
           "pixels correlate exactly when they show the same leaf, with probability "
           "g(d)/(2g(0)-g(d)), g(d) the mean overlap of a leaf with itself moved by d.",
       .shows = {"dead leaves as a synthetic data set"}},
      run);
}

}  // namespace tessera::lab
