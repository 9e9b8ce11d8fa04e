#include <array>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/denoisers/time_sinusoids.h"
#include "lab/experiments/networks.h"
#include "lab/numbers.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

using diffusion::time_sinusoids;

struct TimeEmbeddingOptions {
  std::int64_t width = 128;
};
template <typename Visitor>
void visit_fields(Visitor& v, TimeEmbeddingOptions& o) {
  v("width", o.width, "numbers of an embedding in the figure, even");
}

at::Tensor embed(std::int64_t t, std::int64_t width, const std::string& order) {
  return time_sinusoids(at::full({1}, t, at::kLong), width, order)[0].to(at::kDouble);
}

struct TimeEmbeddingCase {
  std::int64_t t = 0;
  const char* order = "";
  std::array<double, 8> values{};
};
constexpr TimeEmbeddingCase kTimeEmbeddingCases[] = {{1,
                                                      "sine-first",
                                                      {0.841470985,
                                                       0.0463992235,
                                                       0.00215443302,
                                                       9.99999998e-5,
                                                       0.540302306,
                                                       0.998922976,
                                                       0.999997679,
                                                       0.999999995}},
                                                     {999,
                                                      "sine-first",
                                                      {-0.0264607527,
                                                       0.684864229,
                                                       0.835648501,
                                                       0.0997339157,
                                                       0.999649853,
                                                       -0.728670699,
                                                       -0.549264584,
                                                       0.995014144}},
                                                     {1,
                                                      "cosine-first",
                                                      {0.540302306,
                                                       0.995004165,
                                                       0.99995,
                                                       0.9999995,
                                                       0.841470985,
                                                       0.0998334166,
                                                       0.00999983333,
                                                       9.99999833e-4}},
                                                     {999,
                                                      "cosine-first",
                                                      {0.999649853,
                                                       0.807458658,
                                                       -0.844469696,
                                                       0.541143507,
                                                       -0.0264607527,
                                                       -0.589924161,
                                                       -0.535603335,
                                                       0.840930262}}};

Findings run(const TimeEmbeddingOptions& options, const Run& /*context*/) {
  Findings findings;
  for (const TimeEmbeddingCase& c : kTimeEmbeddingCases) {
    const at::Tensor exact = at::tensor(at::ArrayRef<double>(c.values.data(), 8), at::kDouble);
    findings.equal(concat("width 8, ", c.order, ", position ", c.t, ": largest difference"),
                   largest_difference(embed(c.t, 8, c.order), exact),
                   0,
                   c.t > 1 ? 2e-4 : 1e-6);
  }
  const at::Tensor all =
      time_sinusoids(at::arange(0, 1000, 5), options.width, "sine-first").to(at::kDouble);
  findings.equal("squared length over half the width, every position",
                 largest_difference(all.square().sum(1) / (static_cast<double>(options.width) / 2),
                                    at::ones({all.size(0)}, at::kDouble)),
                 0,
                 1e-5);
  // The product of two embeddings depends on the distance of their times alone.
  const auto product = [&](std::int64_t a, std::int64_t b) {
    return (embed(a, options.width, "sine-first") * embed(b, options.width, "sine-first"))
               .sum()
               .item<double>() /
           (static_cast<double>(options.width) / 2);
  };
  findings.equal("product at (100, 130) - product at (600, 630)",
                 product(100, 130) - product(600, 630),
                 0,
                 1e-4);
  HeatMap map{.columns = all.size(0),
              .rows = options.width,
              .values = numbers_of(all.t()),
              .x_first = 0,
              .x_last = 995,
              .y_first = 0,
              .y_last = static_cast<double>(options.width - 1),
              .diverging = true};
  Panel heat{.title = "embedding of every step",
             .x = {.label = "t - 1", .from = 0, .to = 995},
             .y = {.label = "number of the embedding: sines, then cosines",
                   .reversed = true,
                   .from = -0.5,
                   .to = static_cast<double>(options.width) - 0.5},
             .legend = Legend::kNone};
  heat.layers.emplace_back(std::move(map));
  Panel near{.title = "likeness of two steps: their embeddings' product",
             .x = {.label = "distance of the steps", .from = 0, .to = 400},
             .y = {.label = "product / (width / 2)", .from = -0.2, .to = 1.05}};
  Curve curve{.label = concat("width ", options.width)};
  for (std::int64_t gap = 0; gap <= 400; gap += 2) {
    curve.x.push_back(static_cast<double>(gap));
    curve.y.push_back(product(300, 300 + gap));
  }
  near.layers.emplace_back(std::move(curve));
  findings.figure = {.title = "How a network is told the time", .panels = {heat, near}};
  return findings;
}

}  // namespace

Experiment time_embedding() {
  return make_experiment<TimeEmbeddingOptions>(
      {.name = "time-embedding",
       .topic = "Networks",
       .title = "A step becomes sines and cosines of many frequencies.",
       .text =
           "Position p is written as sin(p ω_i) and cos(p ω_i) with frequencies from 1 down to "
           "1/10000 (Vaswani et al. 2017, as DDPM uses them). All embeddings are equally long, and "
           "the product of two depends only on the distance of their steps: near steps look "
           "alike at any place of the chain. Published programs differ in the order and in the "
           "last frequency, so weights do not carry over unless both agree.",
       .shows = {"sinusoidal time embedding", "the two published orders"}},
      run);
}

}  // namespace tessera::lab
