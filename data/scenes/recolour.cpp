#include "data/scenes/recolour.h"

#include <algorithm>
#include <cmath>

namespace tessera::data {
namespace {

constexpr double kWindow = 40;   // degrees either side of the modal hue
constexpr double kSpread = 0.5;  // share of the distance from the mode that is kept
constexpr double kLeastSaturation = 0.12;
constexpr double kLeastValue = 0.12;

struct Hsv {
  double hue = 0;  // degrees in [0, 360)
  double saturation = 0;
  double value = 0;
};

Hsv to_hsv(const std::array<std::uint8_t, 4>& colour) {
  const double r = colour[0] / 255.0;
  const double g = colour[1] / 255.0;
  const double b = colour[2] / 255.0;
  const double high = std::max({r, g, b});
  const double range = high - std::min({r, g, b});
  Hsv out{.hue = 0, .saturation = high > 0 ? range / high : 0, .value = high};
  if (range <= 0) return out;
  if (high == r) {
    out.hue = 60 * ((g - b) / range);
  } else if (high == g) {
    out.hue = 60 * ((b - r) / range + 2);
  } else {
    out.hue = 60 * ((r - g) / range + 4);
  }
  if (out.hue < 0) out.hue += 360;
  return out;
}

std::array<std::uint8_t, 3> to_rgb(const Hsv& colour) {
  std::array<std::uint8_t, 3> out{};
  constexpr std::array<double, 3> kShift{5, 3, 1};
  for (std::size_t c = 0; c < 3; ++c) {
    const double k = std::fmod(kShift[c] + colour.hue / 60, 6.0);
    const double drop = colour.saturation * std::clamp(std::min(k, 4 - k), 0.0, 1.0);
    out[c] = static_cast<std::uint8_t>(255 * colour.value * (1 - drop) + 0.5);
  }
  return out;
}

/// a - b, brought into [-180, 180).
double turn(double a, double b) {
  const double d = std::fmod(a - b + 540, 360.0) - 180;
  return d < -180 ? d + 360 : d;
}

bool has_hue(const Hsv& c) {
  return c.saturation >= kLeastSaturation && c.value >= kLeastValue;
}

}  // namespace

Palette recolour(const Palette& palette,
                 std::span<const std::int64_t, 256> counts,
                 const ObjectColour& target) {
  std::array<Hsv, 256> colours;
  std::array<double, 256> weights{};
  std::array<double, 360> histogram{};
  for (std::size_t k = 0; k < 256; ++k) {
    colours[k] = to_hsv(palette[k]);
    weights[k] = static_cast<double>(counts[k]) * palette[k][3] / 255;
    if (has_hue(colours[k])) {
      const auto bin = static_cast<std::size_t>(colours[k].hue) % 360;
      histogram[bin] += weights[k] * colours[k].saturation;
    }
  }
  // The mode: the middle of the 21 degrees that weigh most.
  double best = -1;
  int mode = 0;
  for (int hue = 0; hue < 360; ++hue) {
    double sum = 0;
    for (int d = -10; d <= 10; ++d)
      sum += histogram[static_cast<std::size_t>((hue + d + 360) % 360)];
    if (sum > best) {
      best = sum;
      mode = hue;
    }
  }
  double total = 0;
  double saturation = 0;
  double value = 0;
  std::array<bool, 256> chosen{};
  for (std::size_t k = 0; k < 256; ++k) {
    chosen[k] = has_hue(colours[k]) && std::abs(turn(colours[k].hue, mode)) <= kWindow;
    if (!chosen[k]) continue;
    total += weights[k];
    saturation += weights[k] * colours[k].saturation;
    value += weights[k] * colours[k].value;
  }
  Palette out = palette;
  if (total <= 0) return out;
  for (std::size_t k = 0; k < 256; ++k) {
    if (!chosen[k]) continue;
    Hsv c = colours[k];
    c.hue = std::fmod(target.hue + kSpread * turn(c.hue, mode) + 360, 360.0);
    c.saturation = std::min(1.0, c.saturation * target.saturation * total / saturation);
    c.value = std::min(1.0, c.value * target.value * total / value);
    std::ranges::copy(to_rgb(c), out[k].begin());
  }
  return out;
}

}  // namespace tessera::data
