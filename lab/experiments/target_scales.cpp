#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct TargetScalesOptions {
  double variance = 0.25;
  std::int64_t draws = 40000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(variance > 0 && variance <= 100,
                  kInvalidArgument,
                  "variance must be above 0, got ",
                  variance);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, TargetScalesOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("draws", o.draws, "at each time");
  v("seed", o.seed, "of the draws");
}

/// Variance of a target, and of it given x_t: what no network can learn.
struct Scale {
  double all = 0.0, left = 0.0;
};
Scale scale_of(const ReferenceChain& chain, const std::string& name, std::int64_t t, double v) {
  const double lost = chain.lost(t);
  const double rest = chain.data_variance_given(t, v);
  if (name == "data") return {v, rest};
  if (name == "noise") return {1.0, rest * chain.kept(t) / lost};
  if (name == "velocity") return {chain.kept(t) + lost * v, rest / lost};
  // The mean c0 x_0 + cx x_t, of x_0 and x_t = √ᾱ x_0 + …
  const double c0 = chain.of_data(t);
  const double cx = chain.of_state(t);
  const double of_x0 = c0 + cx * std::sqrt(chain.kept(t));
  return {of_x0 * of_x0 * v + cx * cx * lost, c0 * c0 * rest};
}

Findings run(const TargetScalesOptions& options, const Run& context) {
  TargetScalesOptions o = options;
  if (context.full()) o.draws *= 10;
  const World world = normal_world(diffusion::make_gaussian_schedule({}), 0.0, o.variance);
  const ReferenceChain chain(world.process.schedule().beta);
  Findings findings;
  Panel residual{.title = "What is left after the best answer",
                 .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
                 .y = {.label = "mean squared error", .logarithmic = true, .from = 1e-9, .to = 3.0},
                 .legend = Legend::kBottomLeft};
  Panel scales{.title = "Size of the gradient at the start: 2|E[target · x_t]|",
               .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
               .y = {.label = "gradient", .from = 0.0, .to = 2.2},
               .legend = Legend::kTopLeft};
  Curve drawn{.label = "measured", .stroke = Stroke::kPoints, .colour = Colour::kGrey};
  std::uint32_t stream = 0;
  for (const std::string name : {"noise", "data", "velocity", "mean"}) {
    const auto kind = diffusion::parse_gaussian_prediction(name);
    Curve left{.label = name}, slope{.label = name};
    for (std::int64_t t = 2; t <= 1000; ++t) {
      const Scale scale = scale_of(chain, name, t, o.variance);
      left.x.push_back(static_cast<double>(t));
      slope.x.push_back(static_cast<double>(t));
      left.y.push_back(scale.left);
      // The covariance with x_t: of Gaussians its square over Var(x_t) is what can be learned.
      slope.y.push_back(
          2 * std::sqrt(std::max(scale.all - scale.left, 0.0) * chain.variance(t, o.variance)));
    }
    for (const std::int64_t t : {2, 100, 500, 1000}) {
      context.report("targets", t, 1000);
      const at::Tensor time = times_of(t, o.draws);
      const at::Tensor x0 =
          as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream++}, {o.draws}));
      const at::Tensor eps = as_pictures(draw_normal({o.seed, stream++}, {o.draws}));
      const at::Tensor x_t = world.process.q_sample(x0, time, eps);
      const at::Tensor target = diffusion::prediction_target(world.process, kind, x0, eps, time);
      const at::Tensor best = diffusion::convert_prediction(world.process,
                                                            world.denoiser->forward(x_t, time, {}),
                                                            world.denoiser->prediction(),
                                                            kind,
                                                            {x_t, time});
      const Scale scale = scale_of(chain, name, t, o.variance);
      const Estimate error = mean_of((target - best).square());
      findings.near(
          concat(name, ", t = ", t, ": variance of the target"), variance_of(target), scale.all);
      findings.near(concat(name, ", t = ", t, ": error of the best answer"), error, scale.left);
      drawn.x.push_back(static_cast<double>(t));
      drawn.y.push_back(error.value);
    }
    residual.layers.emplace_back(left);
    scales.layers.emplace_back(slope);
  }
  residual.layers.emplace_back(drawn);
  if (o.variance == 0.25) {
    findings.equal("mean, t = 2: error of the best answer, fifty digits",
                   scale_of(chain, "mean", 2, 0.25).left,
                   6.5344934e-5,
                   1e-12);
    findings.equal(
        "mean, t = 1000: the same", scale_of(chain, "mean", 1000, 0.25).left, 4.1184845e-9, 1e-15);
  }
  findings.at_least(
      "mean: its error shrinks from t = 2 to 1000 by",
      scale_of(chain, "mean", 2, o.variance).left / scale_of(chain, "mean", 1000, o.variance).left,
      1e4);
  findings.figure = {.title = concat("Four targets, N(0, ", o.variance, "), linear schedule"),
                     .columns = 2};
  findings.figure.panels = {scales, residual};
  return findings;
}

}  // namespace

Experiment target_scales() {
  return make_experiment<TargetScalesOptions>(
      {.name = "target-scales",
       .topic = "Objective",
       .title =
           "An unweighted loss on the posterior mean has almost no information left at large t.",
       .text =
           "Left: the gradient that a linear network starts with, for each of four targets. Right: "
           "the "
           "squared error that even the best answer leaves. For the posterior mean that residual "
           "falls from 6.5e-5 to 4e-9: nearly all of the target is x_t itself, and what the "
           "network should "
           "learn of x_0 drowns in an unweighted loss. That is the failing row of DDPM's Table 2.",
       .shows = {"gradient scale of the four targets over t",
                 "why the mean is not predicted directly"}},
      run);
}

}  // namespace tessera::lab
