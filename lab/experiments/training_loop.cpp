#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "diffusion/gaussian/chain.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/theory.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/tiny_denoiser.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct TrainingLoopOptions {
  std::int64_t steps = 50;
  std::int64_t iterations = 800;
  std::int64_t batch = 256;
  double rate = 0.004;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(
        steps >= 10 && steps <= 1000, kInvalidArgument, "steps must be 10 to 1000, got ", steps);
    TESSERA_CHECK(iterations >= 100 && iterations <= 1000000,
                  kInvalidArgument,
                  "iterations must be 100 to 1e6, got ",
                  iterations);
    TESSERA_CHECK(batch >= 16 && batch <= 100000,
                  kInvalidArgument,
                  "batch must be 16 to 100000, got ",
                  batch);
    TESSERA_CHECK(
        rate > 0 && rate < 1, kInvalidArgument, "rate must be above 0, below 1, got ", rate);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, TrainingLoopOptions& o) {
  v("steps", o.steps, "T of the cosine schedule");
  v("iterations", o.iterations, "of training");
  v("batch", o.batch, "data points an iteration");
  v("rate", o.rate, "learning rate at the start; it falls to 0");
  v("seed", o.seed, "of everything");
}

at::Tensor tossed(const Stream& stream, std::int64_t count) {
  return as_pictures(at::where(draw_uniform(stream, {count}) < 0.5, -1.0, 1.0).to(at::kDouble));
}

/// Squared error of the noise that the best network leaves for data ±1: ᾱ/(1-ᾱ) E(1 - tanh²), by
/// quadrature over x_t given x_0 = 1.
double smallest_error(const ReferenceChain& chain, std::int64_t t) {
  const double signal = std::sqrt(chain.kept(t));
  const double lost = chain.lost(t);
  const double error = integral(
      [&](double z) {
        const double x = signal + std::sqrt(lost) * z;
        const double c = 1 / std::cosh(signal * x / lost);
        return std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi) * c * c;
      },
      -10,
      10);
  return chain.kept(t) / lost * error;
}

Curve train(TinyDenoiser& network,
            const diffusion::GaussianProcess& process,
            const TrainingLoopOptions& o,
            const Run& run) {
  Adam adam(network.network().parameters());
  Curve trace{.label = "L_{simple} of a batch", .stroke = Stroke::kThin};
  for (std::int64_t i = 0; i < o.iterations; ++i) {
    if (i % 100 == 0) run.report("train", i, o.iterations);
    const auto stream = static_cast<std::uint32_t>(4 * i);
    const at::Tensor x0 = tossed({o.seed, stream}, o.batch);
    const at::Tensor t =
        (draw_uniform({o.seed, stream + 1}, {o.batch}) * static_cast<double>(o.steps))
            .floor()
            .to(at::kLong) +
        1;
    const at::Tensor noise = as_pictures(draw_normal({o.seed, stream + 2}, {o.batch}));
    const at::Tensor answer = network.forward(process.q_sample(x0, t, noise), t, {});
    const at::Tensor loss =
        diffusion::gaussian_loss(process, {x0, noise, t, answer}, {}, {}).total.mean();
    const double left = 1 - static_cast<double>(i) / static_cast<double>(o.iterations);
    trace.x.push_back(static_cast<double>(i));
    trace.y.push_back(loss.item<double>());
    adam.minimise(loss, o.rate * left);
  }
  return trace;
}

Findings run(const TrainingLoopOptions& options, const Run& context) {
  TrainingLoopOptions o = options;
  if (context.full()) o.iterations *= 20;
  const diffusion::GaussianProcess process(
      diffusion::make_gaussian_schedule({.kind = "cosine", .steps = o.steps}));
  const ReferenceChain chain(process.schedule().beta);
  TinyDenoiser network(
      {.numbers = 1, .width = 48, .steps = o.steps}, diffusion::GaussianPrediction::kNoise, o.seed);
  const Curve trace = train(network, process, o, context);
  Findings findings;
  Curve floor{.label = "best network"},
      reached{.label = "trained, on fresh data", .stroke = Stroke::kPoints};
  double excess = 0.0, mean_floor = 0.0;
  const at::NoGradGuard no_grad;
  const std::int64_t fresh = 20000;
  for (std::int64_t t = 1; t <= o.steps; ++t) {
    floor.x.push_back(static_cast<double>(t));
    floor.y.push_back(smallest_error(chain, t));
    mean_floor += floor.y.back() / static_cast<double>(o.steps);
    const auto stream = static_cast<std::uint32_t>(t);
    const at::Tensor x0 = tossed({o.seed + 1, 2 * stream}, fresh);
    const at::Tensor noise = as_pictures(draw_normal({o.seed + 1, 2 * stream + 1}, {fresh}));
    const at::Tensor time = times_of(t, fresh);
    const Estimate error =
        mean_of((network.forward(process.q_sample(x0, time, noise), time, {}) - noise).square());
    excess += (error.value - floor.y.back()) / static_cast<double>(o.steps);
    reached.x.push_back(floor.x.back());
    reached.y.push_back(error.value);
    if (t == 1 || t % 10 == 0) {
      findings.at_least(concat("loss of task t = ", t, " is not below the best network's"),
                        error.value,
                        floor.y.back(),
                        4.5 * error.standard_error);
    }
  }
  const double library =
      diffusion::finite_data_error(process.schedule(), {{-1.0, 1.0}, {0.5, 0.5}}, o.steps / 2) *
      chain.kept(o.steps / 2) / chain.lost(o.steps / 2);
  findings.equal("smallest error at T/2, library against quadrature",
                 library,
                 smallest_error(chain, o.steps / 2),
                 1e-6);
  findings.at_most("mean loss over that of the best network", excess, 0.05);
  findings.notes.push_back(
      concat("L_simple: best ", mean_floor, ", reached ", mean_floor + excess, " on fresh data."));
  const auto sampler = diffusion::make_gaussian_sampler("ancestral", {.variance = "small"});
  std::uint32_t stream = 0;
  diffusion::ChainOptions chain_options{.threshold = {.threshold = "none"}};
  chain_options.normals = [&](const at::Tensor& x, const diffusion::TimeStep&) {
    return draw_normal({o.seed + 2, ++stream}, x.sizes());
  };
  const at::Tensor samples =
      as_numbers(diffusion::run_gaussian_chain({process, network, *sampler},
                                               as_pictures(draw_normal({o.seed + 2, 0}, {4000})),
                                               chain_options,
                                               {}));
  findings.at_least("share of samples within 0.25 of a data point",
                    mean_of((samples.abs() - 1).abs().lt(0.25).to(at::kDouble)).value,
                    0.9);
  findings.equal(
      "share of samples on the right", mean_of(samples.gt(0).to(at::kDouble)).value, 0.5, 0.06);
  Histogram bars = histogram_of(samples, -1.6, 1.6, 64);
  bars.label = "4000 samples";
  Panel drawn{.title = "Samples (data: ±1)",
              .x = {.label = "x_0", .from = -1.6, .to = 1.6},
              .y = {.label = "density", .from = 0.0, .to = 4.5},
              .layers = {bars}};
  Panel losses{.title = "Training",
               .x = {.label = "iteration", .from = 0.0, .to = static_cast<double>(o.iterations)},
               .y = {.label = "L_{simple}", .from = 0.0, .to = 1.1},
               .layers = {trace,
                          Curve{.label = "best network",
                                .x = {0, static_cast<double>(o.iterations)},
                                .y = {mean_floor, mean_floor},
                                .stroke = Stroke::kDashed,
                                .colour = Colour::kVermilion}}};
  Panel tasks{.title = "T tasks, one loss each",
              .x = {.label = "t", .from = 0.0, .to = static_cast<double>(o.steps)},
              .y = {.label = "squared error of the noise", .from = 0.0, .to = 1.1},
              .layers = {floor, reached}};
  findings.figure = {.title = "The training loop"};
  findings.figure.panels = {losses, tasks, drawn};
  return findings;
}

}  // namespace

Experiment training_loop() {
  return make_experiment<TrainingLoopOptions>(
      {.name = "training-loop",
       .topic = "Objective",
       .title = "Draw x_0, t and ε, answer, descend: the loss comes down to what the best network "
                "leaves, at every t.",
       .text = "A perceptron of two hidden layers learns the noise of data ±1. Left: L_simple of "
               "each batch. Middle: the "
               "chain is T separate regression tasks sharing one network, and for this data the "
               "smallest "
               "error of each is an integral; a trained network can come near it from above, never "
               "below. "
               "Right: samples from the trained network alone.",
       .shows = {"the training loop with L_simple",
                 "one Gaussian task a step, with the loss of each against its optimum"}},
      run);
}

}  // namespace tessera::lab
