#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/decoder.h"
#include "diffusion/gaussian/loss.h"
#include "lab/draws.h"
#include "lab/experiments/autoencoders.h"
#include "lab/series.h"
#include "lab/tiny_network.h"

namespace tessera::lab {
namespace {

using namespace diffusion;

struct LinearAutoencoderOptions {
  std::int64_t rounds = 400;
  std::int64_t draws = 40000;
  std::uint64_t seed = 19;
};
template <typename Visitor>
void visit_fields(Visitor& v, LinearAutoencoderOptions& o) {
  v("rounds", o.rounds, "training steps of the encoder");
  v("draws", o.draws, "latents of a Monte Carlo estimate");
  v("seed", o.seed, "seed of the draws");
}

GaussianMoments bell(double mean, double variance) {
  return {.mean = at::scalar_tensor(mean, at::kDouble),
          .log_variance = at::scalar_tensor(std::log(variance), at::kDouble)};
}

GaussianMoments bell(const at::Tensor& mean, double variance) {
  return {.mean = mean, .log_variance = at::scalar_tensor(std::log(variance), at::kDouble)};
}

/// One layer: z ~ N(0, 1), x | z ~ N(0.8 z + 0.1, 0.25), x = 1.3.
constexpr double kX = 1.3;
at::Tensor seen() {
  return at::scalar_tensor(kX, at::kDouble);
}

struct Elbo {
  Estimate reconstruction{};
  double divergence = 0;
};

Elbo one_layer(const LinearAutoencoderOptions& options, double mean, double variance) {
  const at::Tensor z =
      mean + std::sqrt(variance) * draw_normal({.seed = options.seed}, {options.draws});
  return {.reconstruction = mean_of(normal_log_density(seen(), bell(0.8 * z + 0.1, 0.25))),
          .divergence = normal_kl(bell(mean, variance), bell(0, 1)).item<double>()};
}

/// The encoder learned by its own bound: mean and ln variance of q(z), by the reparameterised
/// gradient.
struct Training {
  std::vector<double> round{}, elbo{};
  double mean = 0, variance = 0, last = 0;
};
Training train(const LinearAutoencoderOptions& options) {
  const at::Tensor mean = at::full({1}, -1.0, at::kDouble);
  const at::Tensor log_variance = at::full({1}, 1.0, at::kDouble);
  Adam adam({mean, log_variance});
  Training out;
  for (std::int64_t i = 0; i < options.rounds; ++i) {
    // Antithetic pairs: exact for a loss quadratic in z.
    const at::Tensor half =
        draw_normal({.seed = options.seed, .number = static_cast<std::uint32_t>(i + 1)}, {100});
    at::Tensor eps = at::cat({half, -half});
    eps = eps / eps.square().mean().sqrt();
    const at::Tensor z = mean + (0.5 * log_variance).exp() * eps;
    const GaussianMoments q{.mean = mean, .log_variance = log_variance};
    const at::Tensor loss = normal_kl(q, bell(0, 1)).mean() -
                            normal_log_density(seen(), bell(0.8 * z + 0.1, 0.25)).mean();
    if (i % 5 == 0 || i + 1 == options.rounds) {
      out.round.push_back(static_cast<double>(i));
      out.elbo.push_back(-loss.item<double>());
    }
    const double left = 1 - static_cast<double>(i) / static_cast<double>(options.rounds);
    adam.minimise(loss, 0.08 * left + 1e-4);
  }
  out.mean = mean.item<double>();
  out.variance = log_variance.exp().item<double>();
  out.last = out.elbo.back();
  return out;
}

/// Two layers: z₂ ~ N(0, 1), z₁ | z₂ ~ N(0.7 z₂, 0.3), x | z₁ ~ N(0.9 z₁, 0.2), x = 1.1; the
/// encoder q(z₁) = N(a, b), q(z₂ | z₁) = N(c z₁, d). Its five terms, as draws.
struct Encoder {
  double a, b, c, d;
};
std::vector<Estimate> two_layers(const LinearAutoencoderOptions& options, const Encoder& q) {
  const at::Tensor eps = draw_normal({.seed = options.seed, .number = 7}, {2, options.draws});
  const at::Tensor z1 = q.a + std::sqrt(q.b) * eps[0];
  const at::Tensor z2 = q.c * z1 + std::sqrt(q.d) * eps[1];
  const std::vector<at::Tensor> terms{
      normal_log_density(at::scalar_tensor(1.1, at::kDouble), bell(0.9 * z1, 0.2)),
      -normal_log_density(z1, bell(q.a, q.b)),
      normal_log_density(z1, bell(0.7 * z2, 0.3)),
      -normal_log_density(z2, bell(q.c * z1, q.d)),
      normal_log_density(z2, bell(0, 1))};
  std::vector<Estimate> out;
  at::Tensor sum = at::zeros({options.draws}, at::kDouble);
  for (const at::Tensor& term : terms) {
    out.push_back(mean_of(term));
    sum = sum + term;
  }
  out.push_back(mean_of(sum));
  return out;
}

constexpr const char* kTerms[] = {"E log p(x|z₁)",
                                  "-E log q(z₁|x)",
                                  "E log p(z₁|z₂)",
                                  "-E log q(z₂|z₁)",
                                  "E log p(z₂)",
                                  "sum, the ELBO"};

Panel terms_panel(const std::vector<Estimate>& exact, const std::vector<Estimate>& poor) {
  Panel panel{.title = "two layers: the five terms and their sum, nats",
              .x = {.from = 0.3,
                    .to = 6.7,
                    .ticks = {{1, "x|z_1"},
                              {2, "q(z_1)"},
                              {3, "z_1|z_2"},
                              {4, "q(z_2)"},
                              {5, "z_2"},
                              {6, "ELBO"}}},
              .y = {.label = "nats"}};
  Curve a{.label = "exact posterior as encoder", .stroke = Stroke::kPoints};
  Curve b{.label = "another encoder", .stroke = Stroke::kPoints};
  for (std::size_t i = 0; i < exact.size(); ++i) {
    a.x.push_back(static_cast<double>(i) + 0.93);
    a.y.push_back(exact[i].value);
    b.x.push_back(static_cast<double>(i) + 1.07);
    b.y.push_back(poor[i].value);
  }
  panel.layers = {a, b};
  panel.layers.emplace_back(Curve{.label = "log p(x)",
                                  .x = {5.6, 6.4},
                                  .y = {-1.55202616036, -1.55202616036},
                                  .colour = Colour::kBlack});
  return panel;
}

Findings run(const LinearAutoencoderOptions& options, const Run& /*context*/) {
  Findings findings;
  struct Case {
    const char* name;
    double mean, variance, reconstruction, divergence, gap;
  };
  // Closed forms: the posterior is N(1.0787, 0.2809) and log p(x) = -1.6697.
  const double evidence = -1.6696603891216408;
  for (const Case& c :
       {Case{"exact posterior",
             1.0786516853932584,
             0.2808988764044944,
             -0.8125859492865656,
             0.8570744398350753,
             0},
        Case{"the prior", 0, 1, -4.385791352644727, 0, 2.71613096352},
        Case{"N(0.5, 0.3)", 0.5, 0.3, -1.8897913526447274, 0.376986402162968, 0.597117365686}}) {
    const Elbo elbo = one_layer(options, c.mean, c.variance);
    findings.near(
        concat("q = ", c.name, ": reconstruction, nats"), elbo.reconstruction, c.reconstruction);
    findings.equal(
        concat("q = ", c.name, ": KL to the prior"), elbo.divergence, c.divergence, 1e-10);
    const double gap =
        normal_kl(bell(c.mean, c.variance), bell(1.0786516853932584, 0.2808988764044944))
            .item<double>();
    findings.near(concat("q = ", c.name, ": ELBO + KL(q‖posterior) = log p(x)"),
                  {.value = elbo.reconstruction.value - elbo.divergence + gap,
                   .standard_error = elbo.reconstruction.standard_error},
                  evidence);
  }
  const Training training = train(options);
  findings.equal("trained encoder: mean", training.mean, 1.0786516853932584, 5e-3);
  findings.equal("trained encoder: variance", training.variance, 0.2808988764044944, 5e-3);
  findings.equal("trained encoder: ELBO = log p(x)", training.last, evidence, 1e-3);
  const auto exact =
      two_layers(options, {0.931182283605, 0.188117633052, 0.886075949367, 0.379746835443});
  const auto poor = two_layers(options, {0.8, 0.2, 0.5, 0.6});
  const double exact_terms[] = {-0.666683881804,
                                0.583594631152,
                                -0.880696261394,
                                0.934813297802,
                                -1.52305394611,
                                -1.55202616036};
  const double poor_terms[] = {-0.880219576988,
                               0.614219576988,
                               -1.39845213104,
                               1.16352572132,
                               -1.3239385332,
                               -1.82486494292};
  for (std::size_t i = 0; i < 6; ++i) {
    Estimate estimate = exact[i];
    estimate.standard_error += 1e-12;  // the sum does not vary at all
    findings.near(concat("two layers, exact encoder: ", kTerms[i]), estimate, exact_terms[i]);
    if (i == 5) findings.rows.back().tolerance = 1e-9;
    findings.near(concat("two layers, other encoder: ", kTerms[i]), poor[i], poor_terms[i]);
  }
  Panel learning{.title = "one layer: the encoder learns",
                 .x = {.label = "training step"},
                 .y = {.label = "nats"},
                 .legend = Legend::kBottomRight};
  learning.layers.emplace_back(Curve{.label = "ELBO", .x = training.round, .y = training.elbo});
  learning.layers.emplace_back(Curve{.label = "log p(x)",
                                     .x = {0, training.round.back()},
                                     .y = {evidence, evidence},
                                     .stroke = Stroke::kDashed,
                                     .colour = Colour::kBlack});
  findings.figure = {.title = "A variational autoencoder that can be solved",
                     .panels = {learning, terms_panel(exact, poor)}};
  return findings;
}

}  // namespace

Experiment linear_autoencoder() {
  return make_experiment<LinearAutoencoderOptions>(
      {.name = "linear-autoencoder",
       .topic = "Autoencoders",
       .title = "ELBO = reconstruction - KL; what it lacks is the encoder's error.",
       .text =
           "With linear maps and Gaussian noise every term is known. One layer: for any encoder q "
           "the ELBO lies below log p(x) by KL(q ‖ posterior), and training the encoder closes "
           "the gap. Two layers: the bound has five terms, the decoder and the prior of each "
           "layer minus the encoder's entropies; with the exact posterior their sum is log p(x) "
           "for every draw, without any variance.",
       .shows = {"single-layer VAE and its bound",
                 "reconstruction and regulariser",
                 "two-layer VAE, five terms"}},
      run);
}

}  // namespace tessera::lab
