#include "data/textures/dead_leaves.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "core/error.h"
#include "core/philox.h"

namespace tessera::data {
namespace {

constexpr int kMostLeaves = 600;    // what shows between them then is the ground
constexpr double kLeastRadius = 2;  // pixels
constexpr int kOctaves = 4;
constexpr int kFirstCell = 32;  // pixels of the coarsest octave's lattice

using Rgb = std::array<float, 3>;

/// Uniform numbers of one picture, in the order they are asked for.
class Draws {
 public:
  Draws(std::uint64_t seed, std::int64_t index)
      : key_{.seed = seed,
             .image = static_cast<std::uint32_t>(index),
             .purpose = Purpose::kExperiment,
             .step = static_cast<std::uint32_t>(static_cast<std::uint64_t>(index) >> 32)} {}
  double next() {
    const std::uint32_t number = count_++;
    if (number % 4 == 0) block_ = philox(key_, number / 4);
    return unit(block_.w[number % 4]);
  }
  double between(double low, double high) { return low + (high - low) * next(); }

 private:
  RngKey key_;
  Word4 block_{};
  std::uint32_t count_ = 0;
};

/// A number in [-1, 1] for a point of a lattice.
float lattice(std::uint32_t salt, int x, int y) {
  std::uint32_t h = salt ^ (static_cast<std::uint32_t>(x) * 0x9E3779B1U) ^
                    (static_cast<std::uint32_t>(y) * 0x85EBCA77U);
  h ^= h >> 15;
  h *= 0x2C1B3C6DU;
  h ^= h >> 12;
  h *= 0x297A2D39U;
  h ^= h >> 15;
  return static_cast<float>(h) / 2147483648.0F - 1.0F;
}

/// Octaves of smooth noise, each half as strong as the coarser one before it: about 1 / f.
float grain(std::uint32_t salt, int x, int y) {
  float sum = 0;
  float strength = 1;
  int cell = kFirstCell;
  for (int octave = 0; octave < kOctaves; ++octave, cell /= 2, strength /= 2) {
    const int left = x / cell;
    const int top = y / cell;
    const auto smooth = [cell](int at) {
      const float t = static_cast<float>(at % cell) / static_cast<float>(cell);
      return t * t * (3 - 2 * t);
    };
    const float u = smooth(x);
    const float v = smooth(y);
    const std::uint32_t own = salt + static_cast<std::uint32_t>(octave) * 0x632BE5ABU;
    const float upper =
        lattice(own, left, top) + u * (lattice(own, left + 1, top) - lattice(own, left, top));
    const float lower = lattice(own, left, top + 1) +
                        u * (lattice(own, left + 1, top + 1) - lattice(own, left, top + 1));
    sum += strength * (upper + v * (lower - upper));
  }
  return sum;
}

struct Leaf {
  double x = 0, y = 0, radius = 0;
  double aspect = 1, cosine = 1, sine = 0;  // of the ellipse
  Rgb colour{};
  float slope_x = 0, slope_y = 0;  // of the shade, levels a radius
  float roughness = 0;             // of the grain, levels
  std::uint32_t salt = 0;
};

/// Natural colours: any lightness, little chroma most of the time.
Rgb draw_colour(Draws& draws) {
  const double light = draws.between(20, 235);
  const double chroma = 110 * std::pow(draws.next(), 2.5);
  const double hue = draws.between(0, 2 * std::numbers::pi);
  Rgb colour{};
  for (int c = 0; c < 3; ++c) {
    const double level = light + chroma * std::cos(hue - c * 2 * std::numbers::pi / 3);
    colour[static_cast<std::size_t>(c)] = static_cast<float>(level);
  }
  return colour;
}

Leaf draw_leaf(Draws& draws, double side) {
  const double most = side / 2;
  const double a = 1 / (kLeastRadius * kLeastRadius);
  const double b = 1 / (most * most);
  Leaf leaf{.x = draws.between(-0.1 * side, 1.1 * side),
            .y = draws.between(-0.1 * side, 1.1 * side)};
  leaf.radius = 1 / std::sqrt(a + draws.next() * (b - a));  // density r^-3
  leaf.aspect = draws.between(0.4, 1);
  const double angle = draws.between(0, std::numbers::pi);
  leaf.cosine = std::cos(angle);
  leaf.sine = std::sin(angle);
  leaf.colour = draw_colour(draws);
  leaf.slope_x = static_cast<float>(draws.between(-25, 25));
  leaf.slope_y = static_cast<float>(draws.between(-25, 25));
  leaf.roughness = static_cast<float>(30 * std::pow(draws.next(), 2));
  leaf.salt = static_cast<std::uint32_t>(draws.next() * 4294967295.0);
  return leaf;
}

/// Front to back: a leaf shows where none is yet.
class Canvas {
 public:
  Canvas(float* out, int side) : out_(out), side_(side), open_(side * side) {
    covered_.resize(static_cast<std::size_t>(open_));
  }
  int open() const { return open_; }

  void add(const Leaf& leaf) {
    const auto clamp = [this](double at) {
      return std::clamp(static_cast<int>(std::floor(at)), 0, side_);
    };
    for (int y = clamp(leaf.y - leaf.radius); y < clamp(leaf.y + leaf.radius + 1); ++y) {
      for (int x = clamp(leaf.x - leaf.radius); x < clamp(leaf.x + leaf.radius + 1); ++x) {
        const double dx = (x + 0.5 - leaf.x) / leaf.radius;
        const double dy = (y + 0.5 - leaf.y) / leaf.radius;
        const double along = dx * leaf.cosine + dy * leaf.sine;
        const double across = (dy * leaf.cosine - dx * leaf.sine) / leaf.aspect;
        if (along * along + across * across <= 1) paint(leaf, x, y, dx, dy);
      }
    }
  }
  void fill_rest(const Leaf& ground) {
    for (int y = 0; y < side_; ++y) {
      for (int x = 0; x < side_; ++x) paint(ground, x, y, 0, 0);
    }
  }

 private:
  void paint(const Leaf& leaf, int x, int y, double dx, double dy) {
    const auto at = static_cast<std::size_t>(y * side_ + x);
    if (covered_[at]) return;
    covered_[at] = true;
    --open_;
    const float shade = leaf.slope_x * static_cast<float>(dx) +
                        leaf.slope_y * static_cast<float>(dy) +
                        leaf.roughness * grain(leaf.salt, x, y);
    const auto plane = static_cast<std::size_t>(side_ * side_);
    for (std::size_t c = 0; c < 3; ++c) {
      const float level = std::clamp(std::round(leaf.colour[c] + shade), 0.0F, 255.0F);
      out_[c * plane + at] = level / 127.5F - 1;
    }
  }

  float* out_;
  int side_;
  int open_;
  std::vector<bool> covered_{};
};

}  // namespace

at::Tensor draw_dead_leaves(std::uint64_t seed,
                            const std::vector<std::int64_t>& indices,
                            std::int64_t resolution) {
  TESSERA_CHECK(resolution >= 8 && resolution <= 1024,
                kInvalidArgument,
                "resolution of textures must be in 8..1024, got ",
                resolution);
  const auto rows = std::ssize(indices);
  const int side = static_cast<int>(resolution);
  at::Tensor out = at::empty({rows, 3, resolution, resolution}, at::kFloat);
  auto* const first_row = out.mutable_data_ptr<float>();
  at::parallel_for(0, rows, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      Draws draws(seed, indices[static_cast<std::size_t>(row)]);
      Canvas canvas(first_row + row * 3 * resolution * resolution, side);
      for (int k = 0; k < kMostLeaves && canvas.open() > 0; ++k) {
        canvas.add(draw_leaf(draws, side));
      }
      canvas.fill_rest(draw_leaf(draws, side));
    }
  });
  return out;
}

}  // namespace tessera::data
