#include "diffusion/discrete/schedule.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace tessera::diffusion {
namespace {

/// Linear in t from `start` at t = 1 to `end` at t = T; `end` where T = 1.
double line(double start, double end, std::int64_t t, std::int64_t steps) {
  if (steps == 1) return end;
  const double share = static_cast<double>(t - 1) / static_cast<double>(steps - 1);
  return std::lerp(start, end, share);
}

Rates alpha1(const TransitionOptions& o, std::int64_t t) {
  const double keep = line(o.keep_start, o.keep_end, t, o.steps);
  const double mask = line(o.mask_start, o.mask_end, t, o.steps);
  const double rest = 1.0 - keep - mask;
  return {.keep = keep, .replace = rest < 1e-13 ? 0.0 : rest, .mask = mask};
}

Rates uniform_only(const TransitionOptions& o, std::int64_t t) {
  const double keep = line(o.keep_start, o.keep_end, t, o.steps);
  return {.keep = keep, .replace = 1.0 - keep, .mask = 0.0};
}

Rates linear_mask(const TransitionOptions& o, std::int64_t t) {
  const double mask = static_cast<double>(t) / static_cast<double>(o.steps);
  return {.keep = 1.0 - mask, .replace = 0.0, .mask = mask};
}

Rates cosine_mask(const TransitionOptions& o, std::int64_t t) {
  const double mask =
      std::sin(0.5 * std::numbers::pi * static_cast<double>(t) / static_cast<double>(o.steps));
  return {.keep = 1.0 - mask, .replace = 0.0, .mask = mask};
}

using Curve = Rates (*)(const TransitionOptions&, std::int64_t);

struct NamedCurve {
  const char* name;
  Curve curve;
};

constexpr NamedCurve kCurves[] = {{"alpha1", alpha1},
                                  {"linear-mask", linear_mask},
                                  {"uniform-only", uniform_only},
                                  {"cosine-mask", cosine_mask}};

Curve curve_of(const std::string& name) {
  for (const NamedCurve& c : kCurves) {
    if (name == c.name) return c.curve;
  }
  TESSERA_THROW(kInvalidArgument,
                "no schedule named \"",
                name,
                "\"; known: alpha1, linear-mask, uniform-only, cosine-mask");
}

}  // namespace

std::vector<Rates> make_schedule(const TransitionOptions& options) {
  const Curve curve = curve_of(options.schedule);
  std::vector<Rates> rates{{}};
  for (std::int64_t t = 1; t <= options.steps; ++t) {
    Rates r = curve(options, t);
    if (options.kind == "absorbing") r = {.keep = 1.0 - r.mask, .replace = 0.0, .mask = r.mask};
    if (options.kind == "uniform") r = {.keep = r.keep, .replace = 1.0 - r.keep, .mask = 0.0};
    rates.push_back(r);
  }
  return rates;
}

}  // namespace tessera::diffusion
