#include <algorithm>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/inception_score.h"
#include "eval/neighbourhood.h"
#include "lab/draws.h"
#include "lab/experiments/metrics.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

constexpr double kOverlapScoresWidth = 0.08;

struct OverlapScoresOptions {
  std::int64_t points = 400;
  std::int64_t neighbours = 3;
  std::uint64_t seed = 22;
};
template <typename Visitor>
void visit_fields(Visitor& v, OverlapScoresOptions& o) {
  v("points", o.points, "points of each set, 80 or more");
  v("neighbours", o.neighbours, "neighbours k of a ball");
  v("seed", o.seed, "seed of the points");
}

/// Bells on a ring, the same number of points in each.
at::Tensor ring(const OverlapScoresOptions& options,
                const std::vector<int>& modes,
                std::uint32_t number) {
  std::vector<double> centres;
  for (std::int64_t i = 0; i < options.points; ++i) {
    const int mode = modes[static_cast<std::size_t>(i) % modes.size()];
    const double angle = mode * std::numbers::pi / 4;
    centres.push_back(mode < 8 ? std::cos(angle)
                               : 0.0);  // mode 8 is the middle, which no datum is in
    centres.push_back(mode < 8 ? std::sin(angle) : 0.0);
  }
  return tensor_of(centres).view({-1, 2}) +
         kOverlapScoresWidth * draw_normal({options.seed, number}, {options.points, 2});
}

/// By the definition, in plain loops.
eval::NeighbourhoodScores by_hand(const at::Tensor& real,
                                  const at::Tensor& generated,
                                  std::int64_t k) {
  const std::vector<double> r = numbers_of(real);
  const std::vector<double> g = numbers_of(generated);
  const auto distance =
      [](const std::vector<double>& a, std::size_t i, const std::vector<double>& b, std::size_t j) {
        return std::hypot(a[2 * i] - b[2 * j], a[2 * i + 1] - b[2 * j + 1]);
      };
  const auto radii = [&](const std::vector<double>& set) {
    std::vector<double> out;
    for (std::size_t i = 0; i < set.size() / 2; ++i) {
      std::vector<double> all;
      for (std::size_t j = 0; j < set.size() / 2; ++j) {
        if (j != i) all.push_back(distance(set, i, set, j));
      }
      std::sort(all.begin(), all.end());
      out.push_back(all[static_cast<std::size_t>(k - 1)]);
    }
    return out;
  };
  const auto inside = [&](const std::vector<double>& of, const std::vector<double>& set) {
    const std::vector<double> reach = radii(set);
    double count = 0;
    for (std::size_t i = 0; i < of.size() / 2; ++i) {
      bool any = false;
      for (std::size_t j = 0; j < set.size() / 2; ++j) {
        any = any || distance(of, i, set, j) <= reach[j];
      }
      count += any ? 1 : 0;
    }
    return count / static_cast<double>(of.size() / 2);
  };
  return {.precision = inside(g, r), .recall = inside(r, g)};
}

Panel scene(const std::string& title,
            const at::Tensor& real,
            const at::Tensor& generated,
            const eval::NeighbourhoodScores& scores) {
  const auto percent = [](double share) { return std::to_string(std::lround(100 * share)); };
  Panel panel{.title = concat(title,
                              ": precision ",
                              percent(scores.precision),
                              "%, recall ",
                              percent(scores.recall),
                              "%"),
              .x = {.from = -1.5, .to = 1.5},
              .y = {.from = -1.5, .to = 1.5},
              .legend = Legend::kBottomRight,
              .equal_scales = true};
  const auto cloud = [](const std::string& label, const at::Tensor& x, Colour colour) {
    return Curve{.label = label,
                 .x = numbers_of(x.select(1, 0)),
                 .y = numbers_of(x.select(1, 1)),
                 .stroke = Stroke::kDots,
                 .colour = colour};
  };
  panel.layers.emplace_back(cloud("data", real, Colour::kBlue));
  panel.layers.emplace_back(cloud("generated", generated, Colour::kVermilion));
  return panel;
}

Findings run(const OverlapScoresOptions& options, const Run& /*context*/) {
  Findings findings;
  const at::Tensor rows =
      at::tensor({0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.2, 0.6, 0.05, 0.05, 0.9}, at::kDouble)
          .view({4, 3});
  findings.equal("inception score of four answers over three classes",
                 eval::inception_score(rows.log(), 1).mean,
                 1.46500391646,
                 1e-9);
  const at::Tensor sure = 1e3 * at::eye(8, at::kDouble).repeat({4, 1});
  findings.equal(
      "eight classes, all sure, all equally often", eval::inception_score(sure, 1).mean, 8, 1e-9);
  findings.equal("the same unsure answer for every picture",
                 eval::inception_score(rows.slice(0, 0, 1).expand({6, 3}).log(), 1).mean,
                 1,
                 1e-12);

  const at::Tensor real = ring(options, {0, 1, 2, 3, 4, 5, 6, 7}, 0);
  findings.figure = {
      .title = "Precision and recall: two ways to be wrong", .columns = 2, .height = 1200};
  struct Case {
    const char* name;
    std::vector<int> modes;
    double precision, recall;
  };
  const std::vector<Case> cases{
      {"same law", {0, 1, 2, 3, 4, 5, 6, 7}, -1, -1},
      {"half the modes", {0, 1, 2, 3}, -1, 0.5},
      {"a mode that data do not have", {0, 1, 2, 3, 4, 5, 6, 7, 8}, 8.0 / 9, -1},
      {"two modes and the middle", {0, 2, 8}, 2.0 / 3, 0.25}};
  std::uint32_t number = 1;
  for (const Case& c : cases) {
    const at::Tensor generated = ring(options, c.modes, number++);
    const auto scores = eval::neighbourhood_scores(real, generated, options.neighbours);
    const auto truth = by_hand(real, generated, options.neighbours);
    const std::string name = c.name;
    findings.equal(
        name + ": precision, by the definition", scores.precision, truth.precision, 1e-12);
    findings.equal(name + ": recall, by the definition", scores.recall, truth.recall, 1e-12);
    // Points at a bell's rim may lie in no ball: at most a few percent are lost.
    if (c.precision > 0)
      findings.equal(
          name + ": share of generated points in a mode", scores.precision, c.precision, 0.1);
    if (c.recall > 0)
      findings.equal(name + ": share of modes that are met", scores.recall, c.recall, 0.1);
    findings.figure.panels.push_back(scene(name, real, generated, scores));
  }
  return findings;
}

}  // namespace

Experiment overlap_scores() {
  return make_experiment<OverlapScoresOptions>(
      {.name = "overlap-scores",
       .topic = "Metrics",
       .title = "Precision, recall and inception score say which way a set of pictures is wrong.",
       .text =
           "Around every point lies a ball that reaches to its third neighbour. Precision is the "
           "share of generated points in balls of the data, recall the share of data in balls "
           "of the generated (Kynkäänniemi et al. 2019). Dropped modes cost recall, invented "
           "ones precision; one number such as FID mixes the two. The inception score looks at "
           "class answers alone: the number of classes when all are met and sure.",
       .shows = {"inception score", "precision and recall"}},
      run);
}

}  // namespace tessera::lab
