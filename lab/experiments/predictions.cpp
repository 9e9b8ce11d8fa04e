#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/draws.h"
#include "lab/experiments/reverse.h"
#include "lab/numbers.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"

namespace tessera::lab {
namespace {

using diffusion::GaussianPrediction;

struct PredictionsOptions {
  std::string schedule = "linear";
  double x0 = 0.3;
  double xt = -0.7;
  std::int64_t t = 500;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(t >= 2 && t <= 1000, kInvalidArgument, "t must be 2 to 1000, got ", t);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, PredictionsOptions& o) {
  v("schedule", o.schedule, "of the chain, T = 1000");
  v("x0", o.x0, "data value of the worked example");
  v("xt", o.xt, "noised value of the worked example");
  v("t", o.t, "its time");
  v("seed", o.seed, "of the round trips");
}

const std::vector<std::string>& names() {
  static const std::vector<std::string> all = diffusion::gaussian_prediction_names();
  return all;
}

/// The five written out from ᾱ and β.
double by_hand(const std::string& name, const ReferenceChain& chain, const PredictionsOptions& o) {
  const double signal = std::sqrt(chain.kept(o.t));
  const double noise = std::sqrt(chain.lost(o.t));
  const double eps = (o.xt - signal * o.x0) / noise;
  if (name == "noise") return eps;
  if (name == "data") return o.x0;
  if (name == "mean")
    return (o.xt - chain.beta(o.t) * eps / noise) / std::sqrt(1 - chain.beta(o.t));
  if (name == "velocity") return signal * eps - noise * o.x0;
  return -eps / noise;
}

void worked_example(Findings& findings,
                    const diffusion::GaussianProcess& process,
                    const PredictionsOptions& o) {
  const ReferenceChain chain(process.schedule().beta);
  const auto value = [](double x) { return at::full({1, 1}, x, at::kDouble); };
  const diffusion::PredictionPoint point{value(o.xt), times_of(o.t)};
  for (const std::string& to : names()) {
    const at::Tensor out = diffusion::convert_prediction(process,
                                                         value(o.x0),
                                                         GaussianPrediction::kData,
                                                         diffusion::parse_gaussian_prediction(to),
                                                         point);
    findings.equal(concat(to, " at t = ", o.t, " from x_0 = ", o.x0, ", x_t = ", o.xt),
                   out.item<double>(),
                   by_hand(to, chain, o),
                   1e-12);
  }
  if (o.schedule != "linear" || o.t != 500 || o.x0 != 0.3 || o.xt != -0.7) return;
  const std::vector<std::pair<std::string, double>> digits = {{"noise", -0.81685407753048},
                                                              {"mean", -0.69495364781284},
                                                              {"velocity", -0.5169628458392},
                                                              {"score", 0.85097611554516}};
  for (const auto& [name, exact] : digits) {
    findings.equal(name + ", the same with fifty digits", by_hand(name, chain, o), exact, 2e-14);
  }
  const double score = by_hand("score", chain, o);
  findings.equal("(x_t + β·score)/√α is the mean: a Langevin step",
                 (o.xt + chain.beta(500) * score) / std::sqrt(1 - chain.beta(500)),
                 -0.69495364781284,
                 2e-14);
}

/// x_0 -> any -> any -> x_0 at all times.
Panel round_trips(Findings& findings,
                  const diffusion::GaussianProcess& process,
                  const PredictionsOptions& o) {
  const std::int64_t rows = 999;  // t = 2..1000: at t = 1 the mean is x_0 itself
  const at::Tensor t = at::arange(2, 1001, at::kLong);
  const at::Tensor x0 = draw_normal({o.seed, 0}, {rows, 1});
  const at::Tensor noise = draw_normal({o.seed, 1}, {rows, 1});
  const diffusion::PredictionPoint point{process.q_sample(x0, t, noise), t};
  HeatMap map{.label = "log_{10} of the largest error",
              .columns = 5,
              .rows = 5,
              .x_first = 0,
              .x_last = 4,
              .y_first = 0,
              .y_last = 4};
  Panel panel{.title = "Error of all 25 conversions"};
  double worst = 0.0;
  for (std::size_t r = 0; r < names().size(); ++r) {
    for (std::size_t c = 0; c < names().size(); ++c) {
      const auto from = diffusion::parse_gaussian_prediction(names()[r]);
      const auto to = diffusion::parse_gaussian_prediction(names()[c]);
      const at::Tensor start = diffusion::prediction_target(process, from, x0, noise, t);
      const at::Tensor there = diffusion::convert_prediction(process, start, from, to, point);
      const double error = std::max(
          largest_difference(there, diffusion::prediction_target(process, to, x0, noise, t)) /
              there.abs().max().item<double>(),
          1e-17);
      worst = std::max(worst, error);
      map.values.push_back(std::log10(error));
    }
  }
  // The mean loses up to 1/c0 = 7800 of the digits of x_0 at T, and the noise 157.
  findings.equal("largest relative error of 25 conversions at all t", worst, 0.0, 1e-11);
  std::vector<Tick> ticks;
  for (std::size_t i = 0; i < names().size(); ++i)
    ticks.push_back({static_cast<double>(i), names()[i]});
  panel.x = {.label = "to", .from = -0.5, .to = 4.5, .ticks = ticks};
  panel.y = {.label = "from", .from = -0.5, .to = 4.5, .ticks = ticks};
  panel.legend = Legend::kNone;
  panel.layers.emplace_back(map);
  return panel;
}

/// By what an error of the answer is multiplied in the estimate of x_0.
Panel amplification(Findings& findings, const diffusion::GaussianProcess& process) {
  const ReferenceChain chain(process.schedule().beta);
  Panel panel{.title = "An error of the answer becomes this much of x_0",
              .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
              .y = {.label = "factor", .logarithmic = true, .from = 0.005, .to = 20000.0},
              .legend = Legend::kTopLeft};
  const at::Tensor t = at::arange(2, 1001, at::kLong);
  const at::Tensor zero = at::zeros({999, 1}, at::kDouble);
  for (const std::string& name :
       {std::string("mean"), std::string("noise"), std::string("velocity"), std::string("data")}) {
    // The answers 1 and 0 at x_t = 0: the conversion is linear.
    const auto from = diffusion::parse_gaussian_prediction(name);
    const at::Tensor factor =
        (diffusion::convert_prediction(
             process, zero + 1, from, GaussianPrediction::kData, {zero, t}) -
         diffusion::convert_prediction(process, zero, from, GaussianPrediction::kData, {zero, t}))
            .abs();
    panel.layers.emplace_back(Curve{.label = name, .x = numbers_of(t), .y = numbers_of(factor)});
    for (const std::int64_t at : {10, 100, 1000}) {
      const double exact = name == "mean"       ? 1 / chain.of_data(at)
                           : name == "noise"    ? std::sqrt(chain.lost(at) / chain.kept(at))
                           : name == "velocity" ? std::sqrt(chain.lost(at))
                                                : 1.0;
      findings.equal(concat(name, " → x_0: factor at t = ", at),
                     factor[at - 2].item<double>(),
                     exact,
                     1e-10 * exact);
    }
  }
  return panel;
}

Findings run(const PredictionsOptions& o, const Run& /*context*/) {
  const diffusion::GaussianProcess process(diffusion::make_gaussian_schedule({.kind = o.schedule}));
  Findings findings;
  worked_example(findings, process, o);
  findings.figure = {.title = "Five answers of a network, each a linear function of the others",
                     .columns = 2};
  findings.figure.panels.push_back(round_trips(findings, process, o));
  findings.figure.panels.push_back(amplification(findings, process));
  return findings;
}

}  // namespace

Experiment predictions() {
  return make_experiment<PredictionsOptions>(
      {.name = "predictions",
       .topic = "Reverse process",
       .title = "Noise, data, mean, velocity and score say the same thing in five units.",
       .text =
           "Given x_t, each of ε, x_0, the posterior mean μ̃, v = √ᾱ ε − √(1−ᾱ) x_0 and the score "
           "−ε/√(1−ᾱ) gives the others. Left: all 25 conversions at every t, to rounding. Right: "
           "an "
           "error in the answer is an error in x_0 times this factor. That of the mean "
           "grows without measure at large t, where x_t says almost nothing of x_0; that of v "
           "stays "
           "below 1.",
       .shows = {"conversion of all five predictions, with a worked example",
                 "how an error of each becomes an error of x_0"}},
      run);
}

}  // namespace tessera::lab
