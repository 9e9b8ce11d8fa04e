#include "diffusion/gaussian/schedule_curves.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"
#include "core/listed.h"

namespace tessera::diffusion {
namespace {

using Options = GaussianScheduleOptions;
using Curve = double (*)(const Options&, std::int64_t);

double share(const Options& o, std::int64_t t) {
  return static_cast<double>(t) / static_cast<double>(o.steps);
}

/// Of t = 1..T, 0 at the first and 1 at the last; T >= 2.
double between_ends(const Options& o, std::int64_t t) {
  return static_cast<double>(t - 1) / static_cast<double>(o.steps - 1);
}

double linear(const Options& o, std::int64_t t) {
  return std::lerp(o.first, o.last, between_ends(o, t));
}

double root_linear(const Options& o, std::int64_t t) {
  const double root = std::lerp(std::sqrt(o.first), std::sqrt(o.last), between_ends(o, t));
  return root * root;
}

/// 1 - cos^2 a / cos^2 b = sin(a - b) sin(a + b) / cos^2 b, which loses no digits for small steps.
double cosine(const Options& o, std::int64_t t) {
  const auto angle = [&](std::int64_t at) {
    return (share(o, at) + o.cosine_offset) / (1.0 + o.cosine_offset) * std::numbers::pi / 2.0;
  };
  const double a = angle(t);
  const double b = angle(t - 1);
  const double before = std::cos(b);
  return std::min(std::sin(a - b) * std::sin(a + b) / (before * before), o.clip);
}

/// The logistic function's f(x) - f(y) = sinh((x - y) / 2) / (2 cosh(x / 2) cosh(y / 2)).
double logistic_difference(double x, double y) {
  return std::sinh((x - y) / 2.0) / (2.0 * std::cosh(x / 2.0) * std::cosh(y / 2.0));
}

double sigmoid(const Options& o, std::int64_t t) {
  const auto argument = [&](std::int64_t at) {
    return std::lerp(o.sigmoid_start, o.sigmoid_end, share(o, at)) / o.sigmoid_tau;
  };
  const double fall = logistic_difference(argument(t), argument(t - 1));
  return std::min(fall / logistic_difference(o.sigmoid_end / o.sigmoid_tau, argument(t - 1)),
                  o.clip);
}

double constant(const Options& o, std::int64_t) {
  return o.first;
}

double inverse(const Options& o, std::int64_t t) {
  return 1.0 / static_cast<double>(o.steps - t + 1);
}

/// 1 / linspace(T, 2, T) above a floor, which is higher at the first step, and below a cap.
double sohl_dickstein(const Options& o, std::int64_t t) {
  const double base = 1.0 / std::lerp(static_cast<double>(o.steps), 2.0, between_ends(o, t));
  const double floor = 1e-6 + (t == 1 ? 1e-3 : 0.0);
  return floor + base * (1.0 - floor - 1e-5);
}

double given(const Options& o, std::int64_t t) {
  return o.values[static_cast<std::size_t>(t - 1)];
}

struct NamedCurve {
  const char* name;
  Curve curve;
  std::int64_t fewest;  // steps
};

constexpr NamedCurve kCurves[] = {{"linear", linear, 2},
                                  {"scaled-linear", root_linear, 2},
                                  {"quadratic", root_linear, 2},
                                  {"cosine", cosine, 1},
                                  {"sigmoid", sigmoid, 1},
                                  {"constant", constant, 1},
                                  {"inverse", inverse, 1},
                                  {"sohl-dickstein", sohl_dickstein, 2},
                                  {"given", given, 1}};

const NamedCurve& find(const std::string& name) {
  for (const NamedCurve& c : kCurves) {
    if (name == c.name) return c;
  }
  TESSERA_THROW(
      kNotFound, "no Gaussian schedule named \"", name, "\"; known: ", listed(curve_names()));
}

}  // namespace

std::vector<std::string> curve_names() {
  std::vector<std::string> names;
  for (const NamedCurve& c : kCurves) names.emplace_back(c.name);
  return names;
}

std::vector<double> curve_betas(const Options& options) {
  const NamedCurve& c = find(options.kind);
  TESSERA_CHECK(options.steps >= c.fewest,
                kInvalidArgument,
                "the schedule ",
                options.kind,
                " needs at least ",
                c.fewest,
                " steps, got ",
                options.steps,
                "; the schedule constant works with 1");
  std::vector<double> betas;
  betas.reserve(static_cast<std::size_t>(options.steps));
  for (std::int64_t t = 1; t <= options.steps; ++t) betas.push_back(c.curve(options, t));
  return betas;
}

}  // namespace tessera::diffusion
