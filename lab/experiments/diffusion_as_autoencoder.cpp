#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/sampler.h"
#include "lab/draws.h"
#include "lab/experiments/autoencoders.h"
#include "lab/series.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

constexpr double kDiffusionAsAutoencoderVariance = 0.25;
const std::vector<double> kBetas{0.3, 0.6};

struct DiffusionAsAutoencoderOptions {
  std::int64_t draws = 40000;
  std::uint64_t seed = 20;
};
template <typename Visitor>
void visit_fields(Visitor& v, DiffusionAsAutoencoderOptions& o) {
  v("draws", o.draws, "forward paths of the Monte Carlo estimates");
  v("seed", o.seed, "seed of data and noise");
}

World chain(const std::vector<double>& betas) {
  return normal_world(schedule_of_betas(betas),
                      0,
                      kDiffusionAsAutoencoderVariance,
                      {.variance = GaussianVariance::kDiagonal});
}

GaussianMoments reverse(const World& world, const at::Tensor& x, std::int64_t t) {
  const at::Tensor time = at::full({x.size(0)}, t, at::kLong);
  return reverse_moments(world.process,
                         {.estimate = make_estimate(world.process,
                                                    world.denoiser->forward(x, time, {}),
                                                    {.variance = GaussianVariance::kDiagonal},
                                                    {.x_t = x, .t = time},
                                                    unlimited()),
                          .x_t = x,
                          .time = {.from = t, .to = t - 1}},
                         GaussianVariance::kDiagonal);
}

/// The two-layer autoencoder's objective on the same chain: z₁ = x_1, z₂ = x_2, the encoder is the
/// forward process. Five terms, as draws.
std::vector<Estimate> autoencoder_terms(const World& world,
                                        const DiffusionAsAutoencoderOptions& options) {
  const at::Tensor draws = draw_normal({.seed = options.seed}, {3, options.draws});
  const auto shaped = [](const at::Tensor& x) { return x.view({-1, 1, 1, 1}); };
  const at::Tensor x0 = shaped(draws[0]) * std::sqrt(kDiffusionAsAutoencoderVariance);
  const double keep1 = std::sqrt(1 - kBetas[0]);
  const double keep2 = std::sqrt(1 - kBetas[1]);
  const at::Tensor z1 = keep1 * x0 + std::sqrt(kBetas[0]) * shaped(draws[1]);
  const at::Tensor z2 = keep2 * z1 + std::sqrt(kBetas[1]) * shaped(draws[2]);
  const auto forward = [](const at::Tensor& mean, double variance) {
    return GaussianMoments{.mean = mean,
                           .log_variance = at::scalar_tensor(std::log(variance), at::kDouble)};
  };
  const std::vector<at::Tensor> terms{normal_log_density(x0, reverse(world, z1, 1)),
                                      -normal_log_density(z1, forward(keep1 * x0, kBetas[0])),
                                      normal_log_density(z1, reverse(world, z2, 2)),
                                      -normal_log_density(z2, forward(keep2 * z1, kBetas[1])),
                                      normal_log_density(z2, forward(at::zeros_like(z2), 1))};
  std::vector<Estimate> out;
  at::Tensor sum = at::zeros_like(x0);
  for (const at::Tensor& term : terms) {
    out.push_back(mean_of(term));
    sum = sum + term;
  }
  out.push_back(mean_of(sum));
  return out;
}

/// Facts of both models, each found by asking the code.
Table differences(const World& world) {
  const auto entropy = [](double variance) {
    return 0.5 * std::log2(2 * std::numbers::pi * std::numbers::e * variance);
  };
  const double a = world.process.schedule().alpha_bar.back();
  const double wide = a * kDiffusionAsAutoencoderVariance + 1 - a;
  Table table{.name = "differences",
              .title = "a diffusion of 1000 steps and an autoencoder of one layer",
              .columns = {"", "autoencoder", "diffusion"}};
  table.rows = {{"layers of latents", 1.0, static_cast<double>(world.process.steps())},
                {"parameters of the encoder", std::string("learned"), 0.0},
                {"numbers of a latent over numbers of a datum", std::string("fewer"), 1.0},
                {"bits that the last latent tells of the datum",
                 std::string("all that is kept"),
                 0.5 * std::log2(wide / (1 - a))},
                {"entropy of the last latent - of the prior, bits",
                 std::string("below 0"),
                 entropy(wide) - entropy(1)},
                {"network calls for a sample", 1.0, static_cast<double>(world.process.steps())}};
  return table;
}

Findings run(const DiffusionAsAutoencoderOptions& options, const Run& /*context*/) {
  Findings findings;
  const World two = chain(kBetas);
  const std::vector<Estimate> terms = autoencoder_terms(two, options);
  const double bound = normal_bound(two, kDiffusionAsAutoencoderVariance);
  findings.near(
      "T=2: five-term ELBO of the autoencoder = -(L_0 + L_1 + L_2), nats", terms[5], -bound);
  // With the best reverse step the bound is the entropy, up to the mismatch at T.
  const double a = (1 - kBetas[0]) * (1 - kBetas[1]);
  const double wide = a * kDiffusionAsAutoencoderVariance + 1 - a;
  const double entropy =
      0.5 * std::log(2 * std::numbers::pi * std::numbers::e * kDiffusionAsAutoencoderVariance);
  const double mismatch = 0.5 * (wide - 1 - std::log(wide));
  findings.equal("T=2: L_0 + L_1 + L_2 = entropy of the data + KL(q(x_2)‖N(0,1))",
                 bound,
                 entropy + mismatch,
                 1e-10);
  findings.near("T=2: -E log q(z₁|x) = entropy of the first step",
                terms[1],
                0.5 * std::log(2 * std::numbers::pi * std::numbers::e * kBetas[0]));
  findings.near("T=2: -E log q(z₂|z₁) = entropy of the second step",
                terms[3],
                0.5 * std::log(2 * std::numbers::pi * std::numbers::e * kBetas[1]));
  std::vector<double> layers, gap, exact;
  for (const std::int64_t count : {1, 2, 4, 8, 16, 32, 64}) {
    // Equal betas that always end with 5% of the signal's power.
    const double beta = 1 - std::pow(0.05, 1.0 / static_cast<double>(count));
    const World world = chain(std::vector<double>(static_cast<std::size_t>(count), beta));
    layers.push_back(static_cast<double>(count));
    gap.push_back(normal_bound(world, kDiffusionAsAutoencoderVariance) - entropy);
    const GaussianVariance fixed = GaussianVariance::kLarge;
    const World plain = normal_world(
        world.process.schedule(), 0, kDiffusionAsAutoencoderVariance, {.variance = fixed});
    exact.push_back(count > 1 ? normal_bound(plain, kDiffusionAsAutoencoderVariance) - entropy
                              : std::nan(""));
  }
  Panel depth{.title = "nats above the entropy of the data",
              .x = {.label = "layers T", .logarithmic = true, .from = 0.9, .to = 75},
              .y = {.label = "nats", .from = 0}};
  depth.layers.emplace_back(
      Curve{.label = "best variance", .x = layers, .y = gap, .stroke = Stroke::kMarked});
  depth.layers.emplace_back(
      Curve{.label = "fixed variance β", .x = layers, .y = exact, .stroke = Stroke::kMarked});
  Panel parts{.title = "T = 2 as a two-layer autoencoder: five terms, nats",
              .x = {.from = 0.3,
                    .to = 6.7,
                    .ticks = {{1, "x_0|x_1"},
                              {2, "q(x_1)"},
                              {3, "x_1|x_2"},
                              {4, "q(x_2)"},
                              {5, "x_2"},
                              {6, "sum"}}},
              .y = {.label = "nats"},
              .legend = Legend::kBottomLeft};
  Curve curve{.label = "measured on forward paths", .stroke = Stroke::kPoints};
  for (std::size_t i = 0; i < terms.size(); ++i) {
    curve.x.push_back(static_cast<double>(i + 1));
    curve.y.push_back(terms[i].value);
  }
  parts.layers.emplace_back(std::move(curve));
  parts.layers.emplace_back(Curve{.label = "-(L_0 + L_1 + L_2)",
                                  .x = {5.6, 6.4},
                                  .y = {-bound, -bound},
                                  .colour = Colour::kBlack});
  findings.figure = {.title = "Diffusion is a deep autoencoder whose encoder is fixed",
                     .panels = {parts, depth}};
  findings.tables.push_back(
      differences(normal_world(make_gaussian_schedule({}), 0, kDiffusionAsAutoencoderVariance)));
  return findings;
}

}  // namespace

Experiment diffusion_as_autoencoder() {
  return make_experiment<DiffusionAsAutoencoderOptions>(
      {.name = "diffusion-as-autoencoder",
       .topic = "Autoencoders",
       .title = "A diffusion of two steps is a two-layer VAE with nothing to learn in its encoder.",
       .text =
           "Take x_1 and x_2 as latents and the forward process as encoder: the five terms of the "
           "two-layer bound sum to minus L_0 + L_1 + L_2. Differences: the encoder has no "
           "parameters, latents are as large as the data, the top one knows almost nothing of "
           "it, and a sample takes as many network calls as there are layers. The table is made "
           "by asking both.",
       .shows = {"diffusion as a deep VAE with a fixed encoder", "VAE and diffusion compared"}},
      run);
}

}  // namespace tessera::lab
