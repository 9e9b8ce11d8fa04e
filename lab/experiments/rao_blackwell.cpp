#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "diffusion/gaussian/loss.h"
#include "diffusion/gaussian/prediction.h"
#include "lab/draws.h"
#include "lab/experiments/objective.h"
#include "lab/reference_chain.h"
#include "lab/series.h"
#include "lab/times.h"
#include "lab/worlds.h"

namespace tessera::lab {
namespace {

struct RaoBlackwellOptions {
  double variance = 0.25;
  std::int64_t draws = 100000;
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
void visit_fields(Visitor& v, RaoBlackwellOptions& o) {
  v("variance", o.variance, "of the Gaussian data");
  v("draws", o.draws, "of each estimator");
  v("seed", o.seed, "of the draws");
}

/// q = N(a, s²), p = N(b, σ²), d = a - b ~ N(0, D): log q/p at a draw of q is
/// const + (s²/2σ² - ½) z² + (s d/σ²) z + d²/2σ².
struct Variances {
  double sampled = 0.0, closed = 0.0;
};
Variances exact_of(const ReferenceChain& chain, std::int64_t t, double v) {
  const double sigma2 = chain.beta(t);
  const double s2 = chain.posterior_variance(t);
  const double distance = chain.of_data(t) * chain.of_data(t) * chain.data_variance_given(t, v);
  const double square = 0.5 * s2 / sigma2 - 0.5;
  const double closed = 0.5 * distance * distance / (sigma2 * sigma2);
  return {.sampled = 2 * square * square + s2 * distance / (sigma2 * sigma2) + closed,
          .closed = closed};
}

struct Draws {
  at::Tensor sampled{}, closed{};
};
Draws draw(const World& world, const RaoBlackwellOptions& o, std::int64_t t, std::uint32_t stream) {
  const at::Tensor x0 =
      as_pictures(std::sqrt(o.variance) * draw_normal({o.seed, stream}, {o.draws}));
  const at::Tensor noise = as_pictures(draw_normal({o.seed, stream + 1}, {o.draws}));
  const at::Tensor time = times_of(t, o.draws);
  const at::Tensor x_t = world.process.q_sample(x0, time, noise);
  const at::Tensor estimate = diffusion::convert_prediction(world.process,
                                                            world.denoiser->forward(x_t, time, {}),
                                                            world.denoiser->prediction(),
                                                            diffusion::GaussianPrediction::kData,
                                                            {x_t, time});
  const auto q = world.process.posterior(x0, x_t, time, time - 1);
  auto p = world.process.posterior(estimate, x_t, time, time - 1);
  p.log_variance = diffusion::log_variance(
      world.process, diffusion::GaussianVariance::kLarge, {.x_t = x_t, .t = time, .s = time - 1});
  const at::Tensor z = as_pictures(draw_normal({o.seed, stream + 2}, {o.draws}));
  const at::Tensor before = q.mean + (0.5 * q.log_variance).exp() * z;
  const auto log_density = [&](const diffusion::GaussianMoments& m) {
    return -0.5 * ((before - m.mean).square() * (-m.log_variance).exp() + m.log_variance);
  };
  return {as_numbers(log_density(q) - log_density(p)), as_numbers(diffusion::normal_kl(q, p))};
}

Findings run(const RaoBlackwellOptions& options, const Run& context) {
  RaoBlackwellOptions o = options;
  if (context.full()) o.draws *= 10;
  const World world = normal_world(diffusion::make_gaussian_schedule({}), 0.0, o.variance);
  const ReferenceChain chain(world.process.schedule().beta);
  Findings findings;
  Curve sampled{.label = "log q/p at a draw of x_{t−1}"}, closed{.label = "KL in closed form"},
      drawn{.label = "measured", .stroke = Stroke::kPoints, .colour = Colour::kGrey};
  std::uint32_t stream = 0;
  for (const std::int64_t t : {2, 10, 100, 500, 1000}) {
    context.report("draws", t, 1000);
    const Draws draws = draw(world, o, t, stream);
    stream += 3;
    const double exact = chain.term(t, o.variance, chain.beta(t));
    findings.near(concat("t = ", t, ": KL by sampling x_{t−1}"), mean_of(draws.sampled), exact);
    findings.near(concat("t = ", t, ": KL in closed form"), mean_of(draws.closed), exact);
    const Variances variances = exact_of(chain, t, o.variance);
    const Estimate of_sampled = variance_of(draws.sampled);
    const Estimate of_closed = variance_of(draws.closed);
    findings.near(concat("t = ", t, ": variance of the first"), of_sampled, variances.sampled);
    findings.near(concat("t = ", t, ": variance of the second"), of_closed, variances.closed, 6.0);
    for (const double value : {of_sampled.value, of_closed.value}) {
      drawn.x.push_back(static_cast<double>(t));
      drawn.y.push_back(value);
    }
  }
  Curve ratio{.label = "draws of the first worth one of the second"};
  for (std::int64_t t = 2; t <= 1000; ++t) {
    const Variances variances = exact_of(chain, t, o.variance);
    for (Curve* curve : {&sampled, &closed, &ratio}) curve->x.push_back(static_cast<double>(t));
    sampled.y.push_back(variances.sampled);
    closed.y.push_back(variances.closed);
    ratio.y.push_back(variances.sampled / variances.closed);
  }
  Panel left{.title = "Variance of one estimate of L_{t−1}",
             .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
             .y = {.label = "nats^2", .logarithmic = true},
             .layers = {sampled, closed, drawn},
             .legend = Legend::kBottomLeft};
  Panel right{.title = "Their ratio",
              .x = {.label = "t", .logarithmic = true, .from = 2.0, .to = 1000.0},
              .y = {.label = "ratio", .logarithmic = true},
              .layers = {ratio},
              .legend = Legend::kTopLeft};
  findings.figure = {.title = concat("Rao–Blackwell: N(0, ", o.variance, "), linear schedule"),
                     .columns = 2};
  findings.figure.panels = {left, right};
  return findings;
}

}  // namespace

Experiment rao_blackwell() {
  return make_experiment<RaoBlackwellOptions>(
      {.name = "rao-blackwell",
       .topic = "Objective",
       .title = "The closed-form KL has the same mean as a sampled log ratio and a far smaller "
                "variance.",
       .text = "L_{t−1} can be estimated by drawing x_{t−1} from the posterior and taking log q/p "
               "there, or, "
               "since both are Gaussian, by the KL in closed form, which is the mean over that "
               "draw. Both "
               "variances are known for Gaussian data. At large t hundreds of thousands of draws "
               "of the "
               "first are worth one of the second.",
       .shows = {"closed form instead of Monte Carlo: variances of both estimators at equal cost"}},
      run);
}

}  // namespace tessera::lab
