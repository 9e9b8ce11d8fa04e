#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/frechet.h"
#include "lab/draws.h"
#include "lab/experiments/metrics.h"
#include "lab/numbers.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct FrechetBiasOptions {
  std::int64_t repeats = 24;
  std::uint64_t seed = 21;
};
template <typename Visitor>
void visit_fields(Visitor& v, FrechetBiasOptions& o) {
  v("repeats", o.repeats, "independent samples of each size");
  v("seed", o.seed, "seed of the samples");
}

eval::Gaussian gaussian(const std::vector<double>& mean, const std::vector<double>& covariance) {
  const auto size = static_cast<std::int64_t>(mean.size());
  return {.mean = tensor_of(mean), .covariance = tensor_of(covariance).view({size, size})};
}

eval::Gaussian standard(std::int64_t dimensions) {
  return {.mean = at::zeros({dimensions}, at::kDouble),
          .covariance = at::eye(dimensions, at::kDouble)};
}

/// Distances of samples of N(0, I) to N(0, I) itself.
at::Tensor self_distances(const FrechetBiasOptions& options,
                          std::int64_t dimensions,
                          std::int64_t count) {
  const eval::FrechetReference truth(standard(dimensions));
  std::vector<double> out;
  for (std::int64_t i = 0; i < options.repeats; ++i) {
    const auto number = static_cast<std::uint32_t>((dimensions * 1000 + i) * 17 + count % 17);
    out.push_back(truth.distance(
        eval::gaussian_of(draw_normal({options.seed, number}, {count, dimensions}))));
  }
  return tensor_of(out);
}

/// Leading order: the mean's D/N, and a quarter of the covariance's squared error, D(D+1)/N.
double expected_bias(std::int64_t dimensions, std::int64_t count) {
  const auto d = static_cast<double>(dimensions);
  return (d + d * (d + 1) / 4) / static_cast<double>(count);
}

void check_closed_forms(Findings& findings) {
  const eval::Gaussian a = gaussian({0.2, -0.1}, {1, 0.3, 0.3, 0.5});
  const eval::Gaussian b = gaussian({-0.3, 0.4}, {0.8, -0.1, -0.1, 1.2});
  findings.equal("two Gaussians in 2-D", eval::frechet_distance(a, b), 0.78242407882556, 1e-10);
  findings.equal(
      "two Gaussians in 3-D",
      eval::frechet_distance(gaussian({0, 1, -1}, {2, 0.5, 0.2, 0.5, 1, 0.1, 0.2, 0.1, 0.7}),
                             gaussian({0.5, 0.5, 0}, {1, 0, 0, 0, 1, 0, 0, 0, 1})),
      1.7921300877374,
      1e-10);
  findings.equal("N(0, 1) and N(0.5, 0.25)",
                 eval::frechet_distance(gaussian({0}, {1}), gaussian({0.5}, {0.25})),
                 0.5,
                 1e-12);
  findings.equal("a Gaussian and itself", eval::frechet_distance(a, a), 0, 1e-12);
}

Findings run(const FrechetBiasOptions& options, const Run& context) {
  Findings findings;
  check_closed_forms(findings);
  Panel curves{.title = "FID of data against their own law",
               .x = {.label = "sample size N", .logarithmic = true, .from = 80, .to = 13000},
               .y = {.label = "distance (truth: 0)", .logarithmic = true},
               .legend = Legend::kBottomLeft};
  for (const std::int64_t dimensions : {2, 16, 48}) {
    Curve measured{.label = concat(dimensions, " features"), .stroke = Stroke::kPoints};
    Curve theory{.stroke = Stroke::kDashed, .colour = Colour::kGrey};
    for (const std::int64_t count : {100, 300, 1000, 3000, 10000}) {
      if (count < 3 * dimensions) continue;
      context.check_stop();
      FrechetBiasOptions sized = options;
      if (dimensions * count > 100000 && !context.full()) sized.repeats = 6;
      const Estimate distance = mean_of(self_distances(sized, dimensions, count));
      measured.x.push_back(static_cast<double>(count));
      measured.y.push_back(distance.value);
      theory.x.push_back(static_cast<double>(count));
      theory.y.push_back(expected_bias(dimensions, count));
      if (count == 3000) {
        const double bias = expected_bias(dimensions, count);
        findings.equal(concat(dimensions, " features, N=3000: mean distance to the truth"),
                       distance.value,
                       bias,
                       5 * distance.standard_error + 0.03 * bias);
      }
    }
    if (dimensions == 16) {
      findings.equal("16 features: exponent of N", -log_slope(measured.x, measured.y), 1, 0.08);
    }
    curves.layers.emplace_back(std::move(measured));
    curves.layers.emplace_back(std::move(theory));
  }
  // Two samples of one number from the same law: 3/N.
  std::vector<double> pairs;
  for (std::uint32_t i = 0; i < 400; ++i) {
    const at::Tensor z = draw_normal({options.seed + 1, i}, {2, 500, 1});
    pairs.push_back(eval::frechet_distance(eval::gaussian_of(z[0]), eval::gaussian_of(z[1])));
  }
  findings.near(
      "one feature, two samples of 500: mean distance", mean_of(tensor_of(pairs)), 3.0 / 500);

  const at::Tensor points = draw_normal({options.seed, 999999}, {6000, 16});
  const eval::FrechetLimit limit = eval::frechet_limit(
      points, eval::FrechetReference(standard(16)), {.points = 12, .smallest = 600});
  findings.equal("16 features: extrapolated to infinitely many pictures", limit.distance, 0, 0.012);
  Panel line{.title = "extrapolation over 1/N, 16 features",
             .x = {.label = "1000 / N", .from = 0},
             .y = {.label = "distance", .from = -0.01},
             .legend = Legend::kTopLeft};
  Curve at_sizes{.label = "subsets of 6000", .stroke = Stroke::kPoints};
  for (const eval::FrechetPoint& point : limit.points) {
    at_sizes.x.push_back(1000.0 / static_cast<double>(point.count));
    at_sizes.y.push_back(point.distance);
  }
  line.layers.emplace_back(std::move(at_sizes));
  line.layers.emplace_back(Curve{.label = "bias D + D(D+1)/4 over N",
                                 .x = {0, 1000.0 / 600},
                                 .y = {0, expected_bias(16, 600)},
                                 .stroke = Stroke::kDashed,
                                 .colour = Colour::kGrey});
  line.layers.emplace_back(Curve{.label = "limit",
                                 .x = {0},
                                 .y = {limit.distance},
                                 .stroke = Stroke::kPoints,
                                 .colour = Colour::kVermilion});
  findings.figure = {.title = "Why FID needs many samples", .panels = {curves, line}};
  return findings;
}

}  // namespace

Experiment frechet_bias() {
  return make_experiment<FrechetBiasOptions>(
      {.name = "frechet-bias",
       .topic = "Metrics",
       .title = "FID of the data against themselves is not zero: it falls as 1/N.",
       .text =
           "FID is the Fréchet distance of two Gaussians fitted to features. With N pictures the "
           "fit "
           "itself is off, and always upwards: for D independent features by (D + D(D+1)/4)/N. "
           "Two numbers are comparable only at equal N, and ten thousand pictures are few for "
           "two thousand features. A line through several N meets the axis near the truth (Chong "
           "and Forsyth 2020).",
       .shows = {"FID under the Gaussian assumption", "FID needs many samples: bias 1/N"}},
      run);
}

}  // namespace tessera::lab
