#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include <ATen/ATen.h>

#include "core/error.h"
#include "lab/draws.h"
#include "lab/experiments/groundwork.h"
#include "lab/series.h"

namespace tessera::lab {
namespace {

struct ReparameterisationOptions {
  double mean = 1.0;
  double sigma = 0.5;
  std::int64_t draws = 200000;
  std::uint64_t seed = 1;
  void validate() const {
    TESSERA_CHECK(sigma > 0 && sigma <= 10, kInvalidArgument, "sigma must be above 0, got ", sigma);
    TESSERA_CHECK(draws >= 1000 && draws <= 10000000,
                  kInvalidArgument,
                  "draws must be 1000 to 1e7, got ",
                  draws);
  }
};

template <typename Visitor>
void visit_fields(Visitor& v, ReparameterisationOptions& o) {
  v("mean", o.mean, "μ");
  v("sigma", o.sigma, "σ");
  v("draws", o.draws, "random numbers");
  v("seed", o.seed, "of the draws");
}

using Function = std::function<at::Tensor(const at::Tensor&)>;

/// Gradients of mean f(μ + σ z) with respect to μ and σ, z held, by automatic differentiation.
std::pair<double, double> pathwise(const Function& f,
                                   const ReparameterisationOptions& o,
                                   const at::Tensor& z) {
  at::Tensor mean = at::full({}, o.mean, at::kDouble).requires_grad_();
  at::Tensor sigma = at::full({}, o.sigma, at::kDouble).requires_grad_();
  f(mean + sigma * z).mean().backward();
  return {mean.grad().item<double>(), sigma.grad().item<double>()};
}

double mean_value(const Function& f, double mean, double sigma, const at::Tensor& z) {
  return f(mean + sigma * z).mean().item<double>();
}

void gradients(Findings& findings, const ReparameterisationOptions& o, const at::Tensor& z) {
  const double damp = std::exp(-0.5 * o.sigma * o.sigma);
  struct Case {
    std::string name;
    Function f;
    double by_mean, by_sigma;
  };
  const std::vector<Case> cases = {
      {"x²", [](const at::Tensor& x) { return x.square(); }, 2 * o.mean, 2 * o.sigma},
      {"sin x",
       [](const at::Tensor& x) { return x.sin(); },
       std::cos(o.mean) * damp,
       -o.sigma * std::sin(o.mean) * damp}};
  for (const Case& c : cases) {
    const auto [by_mean, by_sigma] = pathwise(c.f, o, z);
    const auto error = [&](const at::Tensor& each) { return mean_of(each).standard_error; };
    // The derivative of f at each draw, for its spread.
    at::Tensor x = (o.mean + o.sigma * z).detach().requires_grad_();
    c.f(x).sum().backward();
    const at::Tensor slope = x.grad();
    findings.near("∂/∂μ E " + c.name + ", pathwise", {by_mean, error(slope)}, c.by_mean);
    findings.near("∂/∂σ E " + c.name + ", pathwise", {by_sigma, error(slope * z)}, c.by_sigma);
    findings.near("∂/∂μ E " + c.name + ", score function",
                  mean_of(c.f(o.mean + o.sigma * z) * z / o.sigma),
                  c.by_mean);
    const double h = 1e-5;
    findings.equal("∂/∂μ E " + c.name + ", autograd − finite difference with the same noise",
                   by_mean - (mean_value(c.f, o.mean + h, o.sigma, z) -
                              mean_value(c.f, o.mean - h, o.sigma, z)) /
                                 (2 * h),
                   0.0,
                   1e-8);
  }
}

/// Without holding the noise a finite difference is the difference of two estimates over h.
void fresh_noise(Findings& findings, const ReparameterisationOptions& o, const at::Tensor& z) {
  const Function square = [](const at::Tensor& x) { return x.square(); };
  const double h = 1e-5;
  const at::Tensor other = draw_normal({o.seed, 9}, z.sizes());
  const double difference = (mean_value(square, o.mean + h, o.sigma, other) -
                             mean_value(square, o.mean - h, o.sigma, z)) /
                            (2 * h);
  const double spread =
      std::sqrt(4 * o.mean * o.mean * o.sigma * o.sigma + 2 * std::pow(o.sigma, 4));
  findings.at_least("the same with fresh noise each time: its error against 2μ",
                    std::abs(difference - 2 * o.mean),
                    0.01 * spread / h / std::sqrt(static_cast<double>(z.numel())));
}

/// Var of f(x)(x-μ)/σ² for f = x², and of 2x.
double score_variance(double mean, double sigma) {
  // x = μ + σz: E[(μ+σz)⁴ z²]/σ² − 4μ².
  const double fourth =
      std::pow(mean, 4) + 18 * mean * mean * sigma * sigma + 15 * std::pow(sigma, 4);
  return fourth / (sigma * sigma) - 4 * mean * mean;
}
double path_variance(double sigma) {
  return 4 * sigma * sigma;
}

Panel estimates_panel(const ReparameterisationOptions& o, const at::Tensor& z) {
  const std::int64_t groups = std::min<std::int64_t>(z.numel() / 100, 2000);
  const at::Tensor x = (o.mean + o.sigma * z.narrow(0, 0, groups * 100)).view({groups, 100});
  const at::Tensor path = (2 * x).mean(1);
  const at::Tensor score = (x.square() * (x - o.mean) / (o.sigma * o.sigma)).mean(1);
  const double reach = 4 * std::sqrt(score_variance(o.mean, o.sigma) / 100);
  Histogram wide = histogram_of(score, 2 * o.mean - reach, 2 * o.mean + reach, 80);
  wide.label = "score function";
  wide.colour = Colour::kVermilion;
  Histogram narrow = histogram_of(path, 2 * o.mean - reach, 2 * o.mean + reach, 80);
  narrow.label = "pathwise (reparameterised)";
  narrow.colour = Colour::kBlue;
  return {.title = "Gradient of E x^2 from 100 draws each",
          .x = {.label = "estimate of ∂/∂μ, exact 2μ",
                .from = 2 * o.mean - reach,
                .to = 2 * o.mean + reach},
          .y = {.label = "density", .from = 0.0, .to = 5.5},
          .layers = {narrow, wide}};
}

Panel variance_panel(Findings& findings, const ReparameterisationOptions& o, const at::Tensor& z) {
  findings.near("variance of a pathwise draw, f = x²",
                variance_of(2 * (o.mean + o.sigma * z)),
                path_variance(o.sigma));
  const at::Tensor x = o.mean + o.sigma * z;
  findings.near("variance of a score-function draw, f = x²",
                variance_of(x.square() * z / o.sigma),
                score_variance(o.mean, o.sigma));
  const auto grid = geometric(0.05, 3, 60);
  return {
      .title = "Variance of one draw",
      .x = {.label = "σ", .logarithmic = true, .from = 0.05, .to = 3.0},
      .y = {.label = "variance", .logarithmic = true},
      .layers = {Curve{.label = "pathwise: 4σ^2", .x = grid, .y = values_of(path_variance, grid)},
                 Curve{.label = "score function",
                       .x = grid,
                       .y = values_of([&](double s) { return score_variance(o.mean, s); }, grid)}},
      .legend = Legend::kBottomRight};
}

Findings run(const ReparameterisationOptions& options, const Run& context) {
  ReparameterisationOptions sized = options;
  if (context.full()) sized.draws *= 10;
  const at::Tensor z = draw_normal({sized.seed, 0}, {sized.draws});
  Findings findings;
  gradients(findings, sized, z);
  fresh_noise(findings, sized, z);
  findings.figure = {.title = "x = μ + σz: randomness moved outside", .columns = 2};
  findings.figure.panels = {estimates_panel(sized, z), variance_panel(findings, sized, z)};
  return findings;
}

}  // namespace

Experiment reparameterisation() {
  return make_experiment<ReparameterisationOptions>(
      {.name = "reparameterisation",
       .topic = "Groundwork",
       .title =
           "With the noise drawn outside, the gradient of an expectation is the mean of gradients.",
       .text =
           "E f(x) with x ~ N(μ, σ²) is written as E f(μ + σz), z ~ N(0, 1). Then z is a constant "
           "and "
           "automatic differentiation goes through μ and σ; it agrees with finite differences to "
           "rounding, provided both use the same z. The other way, f(x) times the gradient of "
           "ln q, is unbiased as well but far noisier, and infinitely so for narrow q.",
       .shows = {"pathwise and score-function gradients, with the variance of each",
                 "the noise is a constant of the gradient"}},
      run);
}

}  // namespace tessera::lab
