#include <array>
#include <cmath>
#include <functional>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/bound.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/oracles/gaussian_data.h"
#include "eval/frechet.h"
#include "lab/draws.h"
#include "lab/experiments/families.h"
#include "lab/series.h"
#include "lab/tiny_network.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

// The task: N(m, S) with m = (0.3, -0.2), S = ((1, 0.6), (0.6, 0.5)).
constexpr std::array<double, 2> kFiveFamiliesMean{0.3, -0.2};
constexpr double kXx = 1.0, kXy = 0.6, kYy = 0.5;
constexpr double kEntropy = 0.927410319111;  // nats a dimension: ½ ln(2πe) + ¼ ln det S
constexpr std::int64_t kSamples = 4000;

struct FiveFamiliesOptions {
  std::int64_t points = 6000;
  std::int64_t rounds = 400;
  std::uint64_t seed = 23;
};
template <typename Visitor>
void visit_fields(Visitor& v, FiveFamiliesOptions& o) {
  v("points", o.points, "points that the models learn from");
  v("rounds", o.rounds, "training steps of each model");
  v("seed", o.seed, "seed of data, weights and samples");
}

/// What one model came to.
struct Learned {
  std::string name{};
  at::Tensor samples{};            // [kSamples, 2]
  std::optional<Estimate> nats{};  // of -ln p a dimension on fresh data; none for a GAN
  bool bound = false;              // it is a bound from above
  /// Above what the best network of the same chain has on the same paths, where one is known.
  std::optional<Estimate> excess{};
};

at::Tensor draw_data(const FiveFamiliesOptions& options, std::uint32_t number, std::int64_t count) {
  const at::Tensor z = draw_normal({options.seed, number}, {count, 2});
  const double a = std::sqrt(kXx);
  const double b = kXy / a;
  const at::Tensor x = kFiveFamiliesMean[0] + a * z.select(1, 0);
  const at::Tensor y =
      kFiveFamiliesMean[1] + b * z.select(1, 0) + std::sqrt(kYy - b * b) * z.select(1, 1);
  return at::stack({x, y}, 1);
}

at::Tensor parameter(at::IntArrayRef shape, double value) {
  return at::full(shape, value, at::kDouble);
}

void train(const FiveFamiliesOptions& options,
           std::vector<at::Tensor> parameters,
           const std::function<at::Tensor()>& loss) {
  Adam adam(std::move(parameters));
  for (std::int64_t i = 0; i < options.rounds; ++i) {
    const double left = 1 - static_cast<double>(i) / static_cast<double>(options.rounds);
    adam.minimise(loss(), 0.05 * left + 1e-3);
  }
}

constexpr double kLogTwoPi = 1.8378770664093453;

/// -ln N(x; mean, exp(log_variance)) of each number.
at::Tensor surprise(const at::Tensor& x, const at::Tensor& mean, const at::Tensor& log_variance) {
  return 0.5 * ((x - mean).square() * (-log_variance).exp() + log_variance + kLogTwoPi);
}

Learned autoregressive(const FiveFamiliesOptions& options,
                       const at::Tensor& data,
                       const at::Tensor& test) {
  const at::Tensor first = parameter({2}, 0),
                   second = parameter({3}, 0);  // mean, ln var; slope too
  const auto nats = [&](const at::Tensor& x) {
    const at::Tensor a = x.select(1, 0), b = x.select(1, 1);
    return surprise(a, first[0], first[1]) + surprise(b, second[0] + second[2] * a, second[1]);
  };
  train(options, {first, second}, [&] { return nats(data).mean(); });
  const at::NoGradGuard no_grad;
  const at::Tensor z = draw_normal({options.seed, 101}, {kSamples, 2});
  const at::Tensor a = first[0] + (0.5 * first[1]).exp() * z.select(1, 0);
  const at::Tensor b = second[0] + second[2] * a + (0.5 * second[1]).exp() * z.select(1, 1);
  return {
      .name = "autoregressive", .samples = at::stack({a, b}, 1), .nats = mean_of(nats(test) / 2)};
}

Learned flow(const FiveFamiliesOptions& options, const at::Tensor& data, const at::Tensor& test) {
  // z = (x - b) Aᵀ, an invertible map; -ln p = |z|²/2 + ln 2π - ln |det A|.
  const at::Tensor matrix = at::eye(2, at::kDouble), shift = parameter({2}, 0);
  const auto nats = [&](const at::Tensor& x) {
    const at::Tensor z = (x - shift).matmul(matrix.t());
    const at::Tensor det = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
    return 0.5 * z.square().sum(1) + kLogTwoPi - det.abs().log();
  };
  train(options, {matrix, shift}, [&] { return nats(data).mean(); });
  const at::NoGradGuard no_grad;
  const at::Tensor z = draw_normal({options.seed, 102}, {kSamples, 2});
  return {.name = "flow",
          .samples = shift + at::linalg_solve(matrix, z.t()).t(),
          .nats = mean_of(nats(test) / 2)};
}

Learned autoencoder(const FiveFamiliesOptions& options,
                    const at::Tensor& data,
                    const at::Tensor& test) {
  // One latent: x | z ~ N(b + w z, s I); q(z | x) = N(u x + c, v). The ELBO in closed form.
  const at::Tensor w = at::tensor({0.5, 0.3}, at::kDouble), b = parameter({2}, 0),
                   log_s = parameter({1}, -1);
  const at::Tensor u = at::tensor({0.5, 0.2}, at::kDouble), c = parameter({1}, 0),
                   log_v = parameter({1}, -1);
  const auto nats = [&](const at::Tensor& x) {
    const at::Tensor mean = (x * u).sum(1, true) + c;
    const at::Tensor off = x - b - mean * w;
    const at::Tensor spread = log_v.exp() * w.square().sum();
    const at::Tensor reconstruction =
        0.5 * (off.square().sum(1) + spread) * (-log_s).exp() + log_s + kLogTwoPi;
    const at::Tensor divergence = 0.5 * (mean.square().squeeze(1) + log_v.exp() - 1 - log_v);
    return reconstruction + divergence;
  };
  train(options, {w, b, log_s, u, c, log_v}, [&] { return nats(data).mean(); });
  const at::NoGradGuard no_grad;
  const at::Tensor z = draw_normal({options.seed, 103}, {kSamples, 1});
  const at::Tensor noise = draw_normal({options.seed, 104}, {kSamples, 2});
  return {.name = "autoencoder",
          .samples = b + z * w + (0.5 * log_s).exp() * noise,
          .nats = mean_of(nats(test) / 2),
          .bound = true};
}

Learned adversarial(const FiveFamiliesOptions& options, const at::Tensor& data) {
  // A linear generator against a quadratic critic, which sees means and covariances.
  const at::Tensor matrix = 0.3 * at::eye(2, at::kDouble), shift = parameter({2}, 0);
  const at::Tensor quadratic = parameter({2, 2}, 0), linear = parameter({2}, 0);
  Adam generator({matrix, shift}), critic({quadratic, linear});
  const auto judge = [&](const at::Tensor& x) {
    return (x.matmul(quadratic) * x).sum(1) + (x * linear).sum(1);
  };
  for (std::int64_t i = 0; i < options.rounds; ++i) {
    const double left = 1 - static_cast<double>(i) / static_cast<double>(options.rounds);
    const at::Tensor z =
        draw_normal({options.seed, static_cast<std::uint32_t>(5000 + i)}, {2000, 2});
    const at::Tensor made = (shift + z.matmul(matrix.t())).detach();
    for (int k = 0; k < 2; ++k) {
      critic.minimise(judge(made).mean() - judge(data).mean() +
                          0.5 * (quadratic.square().sum() + linear.square().sum()),
                      0.05 * left + 1e-3);
    }
    generator.minimise(-judge(shift + z.matmul(matrix.t())).mean(), 0.02 * left + 5e-4);
    quadratic.mutable_grad().reset();
    linear.mutable_grad().reset();
  }
  const at::NoGradGuard no_grad;
  const at::Tensor z = draw_normal({options.seed, 105}, {kSamples, 2});
  return {.name = "adversarial", .samples = shift + z.matmul(matrix.t())};
}

/// A linear map and two log variances for each step. It begins as the best network of unit data:
/// ε̂ = √(1-ᾱ) x, variances a little above those of the posterior.
class LinearDenoiser final : public GaussianDenoiser {
 public:
  explicit LinearDenoiser(const GaussianSchedule& schedule)
      : matrix_(at::zeros({schedule.steps() + 1, 2, 2}, at::kDouble)),
        shift_(at::zeros({schedule.steps() + 1, 2}, at::kDouble)),
        log_variance_(at::zeros({schedule.steps() + 1, 2}, at::kDouble)) {
    for (std::int64_t t = 1; t <= schedule.steps(); ++t) {
      matrix_[t] = schedule.noise(t) * at::eye(2, at::kDouble);
      log_variance_[t].fill_(std::log(schedule.beta[static_cast<std::size_t>(t)]));
    }
  }
  at::Tensor forward(const at::Tensor& x_t, const at::Tensor& t, const nn::Condition&) override {
    const at::Tensor x = x_t.flatten(1).to(at::kDouble);
    const at::Tensor said = at::matmul(x.unsqueeze(1), matrix_.index_select(0, t)).squeeze(1) +
                            shift_.index_select(0, t);
    return at::cat({said, log_variance_.index_select(0, t)}, 1).view({-1, 4, 1, 1});
  }
  nn::Condition null_condition(std::int64_t) override { return {}; }
  GaussianPrediction prediction() const override { return GaussianPrediction::kNoise; }
  GaussianVariance variance() const override { return GaussianVariance::kDiagonal; }
  std::vector<at::Tensor> weights() { return {matrix_, shift_, log_variance_}; }

 private:
  at::Tensor matrix_, shift_, log_variance_;
};

Learned diffusion_model(const FiveFamiliesOptions& options,
                        const at::Tensor& data,
                        const at::Tensor& test) {
  constexpr std::int64_t kSteps = 50;
  const GaussianProcess process(make_gaussian_schedule({.kind = "cosine", .steps = kSteps}));
  LinearDenoiser network(process.schedule());
  const AnswerKind kind{.variance = GaussianVariance::kDiagonal};
  std::uint32_t round = 0;
  FiveFamiliesOptions longer = options;
  longer.rounds = options.rounds * 3 / 2;
  train(longer, network.weights(), [&] {
    ++round;
    const std::int64_t count = data.size(0) / 4;
    const at::Tensor x0 =
        data.slice(0, round % 4 * count, (round % 4 + 1) * count).view({-1, 2, 1, 1});
    const at::Tensor noise = draw_normal({options.seed, 20000 + round}, x0.sizes());
    const at::Tensor t =
        (at::arange(count) + static_cast<std::int64_t>(round)).remainder(kSteps) + 1;
    const at::Tensor answer = network.forward(process.q_sample(x0, t, noise), t, {});
    return gaussian_loss(process,
                         {.x0 = x0, .noise = noise, .t = t, .answer = answer},
                         kind,
                         {.objective = "bound", .decoder = "continuous"})
        .total.mean();
  });
  const at::NoGradGuard no_grad;
  const auto best =
      make_gaussian_data_denoiser(process.schedule(),
                                  {.mean = tensor_of({kFiveFamiliesMean[0], kFiveFamiliesMean[1]}),
                                   .covariance = tensor_of({kXx, kXy, kXy, kYy}).view({2, 2})},
                                  kind);
  const auto nats_of = [&](GaussianDenoiser& one) {
    return GaussianBound(process, one, {.decoder = "continuous", .threshold = unlimited()})
        .evaluate({.x0 = test.view({-1, 2, 1, 1})}, nn::Rng::of_run(options.seed, 0, test.size(0)))
        .total();
  };
  const at::Tensor nats = nats_of(network);
  const nn::Noise noise{.rng = nn::Rng::of_run(options.seed + 1, 0, kSamples)};
  const at::Tensor samples = run_gaussian_chain(
      {process, network, *make_gaussian_sampler("ancestral", {}, GaussianVariance::kDiagonal)},
      draw_prior(noise, {2, 1, 1}).to(at::kDouble),
      {.threshold = unlimited()},
      noise);
  return {.name = "diffusion",
          .samples = samples.flatten(1),
          .nats = mean_of(nats),
          .bound = true,
          .excess = mean_of(nats - nats_of(*best))};
}

Panel cloud(const std::string& title, const at::Tensor& x) {
  Panel panel{.title = title,
              .x = {.from = -3.2, .to = 3.8},
              .y = {.from = -2.8, .to = 2.4},
              .legend = Legend::kNone,
              .equal_scales = true};
  panel.layers.emplace_back(Curve{.x = numbers_of(x.slice(0, 0, 1200).select(1, 0)),
                                  .y = numbers_of(x.slice(0, 0, 1200).select(1, 1)),
                                  .stroke = Stroke::kDots,
                                  .colour = Colour::kSky});
  for (const double deviations : {1.0, 2.0}) {
    panel.layers.emplace_back(Ellipse{.centre = kFiveFamiliesMean,
                                      .covariance = {kXx, kXy, kYy},
                                      .deviations = deviations,
                                      .colour = Colour::kVermilion});
  }
  return panel;
}

Findings run(const FiveFamiliesOptions& options, const Run& context) {
  Findings findings;
  const at::Tensor data = draw_data(options, 1, options.points);
  const at::Tensor test = draw_data(options, 2, 6000);
  std::vector<Learned> outcomes{autoregressive(options, data, test),
                                flow(options, data, test),
                                autoencoder(options, data, test),
                                adversarial(options, data)};
  context.check_stop();
  outcomes.push_back(diffusion_model(options, data, test));
  const eval::Gaussian truth{.mean = tensor_of({kFiveFamiliesMean[0], kFiveFamiliesMean[1]}),
                             .covariance = tensor_of({kXx, kXy, kXy, kYy}).view({2, 2})};
  Table table{.name = "families",
              .title = "one task, five families",
              .columns = {"family", "-ln p, nats a dimension", "Fréchet distance"}};
  findings.figure = {
      .title = "Five families of generative models on one Gaussian", .columns = 3, .height = 1000};
  findings.figure.panels.push_back(cloud("data", data));
  for (const Learned& outcome : outcomes) {
    const double distance = eval::frechet_distance(eval::gaussian_of(outcome.samples), truth);
    findings.at_most(outcome.name + ": Fréchet distance of 4000 samples", distance, 0, 0.03);
    std::string title = outcome.name;
    if (outcome.nats) {
      findings.at_least(outcome.name + ": -ln p on fresh data, nats/dim, above the entropy",
                        outcome.nats->value,
                        kEntropy,
                        4.5 * outcome.nats->standard_error);
      if (outcome.excess) {
        findings.equal(outcome.name + ": nats above the best network of its chain",
                       outcome.excess->value,
                       0,
                       0.03);
      } else {
        findings.equal(outcome.name + ": -ln p on fresh data, near it",
                       outcome.nats->value,
                       kEntropy,
                       0.01 + 4.5 * outcome.nats->standard_error);
      }
      title += concat(
          outcome.bound ? ": ≤ " : ": ", std::round(1e4 * outcome.nats->value) / 1e4, " nats");
    } else {
      title += ": no likelihood";
    }
    table.rows.push_back({outcome.name,
                          outcome.nats ? Cell(outcome.nats->value) : Cell(std::string("none")),
                          distance});
    findings.figure.panels.push_back(cloud(title, outcome.samples));
  }
  findings.tables.push_back(std::move(table));
  findings.notes.push_back(
      concat("No model can be below the entropy, ", kEntropy, " nats a dimension."));
  return findings;
}

}  // namespace

Experiment five_families() {
  return make_experiment<FiveFamiliesOptions>(
      {.name = "five-families",
       .topic = "Families",
       .title = "Autoregression, flow, autoencoder, adversary, diffusion: one task, one yardstick.",
       .text =
           "Each family gets one small model of the same correlated Gaussian and learns it from "
           "samples by its own objective: exact likelihood (autoregressive, flow), a bound "
           "(autoencoder, diffusion), or a critic (adversarial, which has no likelihood). All "
           "come to the entropy as far as they can say, and their samples to a Fréchet distance "
           "near 0.",
       .shows = {"five classes of generative models", "likelihood where it is defined"}},
      run);
}

}  // namespace tessera::lab
