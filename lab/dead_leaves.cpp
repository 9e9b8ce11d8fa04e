#include "lab/dead_leaves.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <ATen/ops/empty.h>

#include "core/error.h"
#include "core/philox.h"

namespace tessera::lab {
namespace {

struct Disc {
  double y = 0;
  double x = 0;
  double radius = 0;
  float grey = 0;
};

/// Radius whose distribution function is u: density ~ r^-3 on [a, b], 1/r^2 is even.
double radius_at(const DeadLeaves& o, double u) {
  const double far = 1 / (o.largest * o.largest);
  const double near = 1 / (o.smallest * o.smallest);
  return 1 / std::sqrt(near + u * (far - near));
}

Disc draw_disc(const DeadLeaves& o, std::int64_t picture, std::uint32_t number) {
  const RngKey key{.seed = o.seed,
                   .image = static_cast<std::uint32_t>(picture),
                   .purpose = Purpose::kExperiment};
  const Word4 words = philox(key, number);
  const double span = static_cast<double>(o.side) + 2 * o.largest;  // centres reach beyond the edge
  return {.y = static_cast<double>(unit(words.w[0])) * span - o.largest,
          .x = static_cast<double>(unit(words.w[1])) * span - o.largest,
          .radius = radius_at(o, static_cast<double>(unit(words.w[2]))),
          .grey = 2 * unit(words.w[3]) - 1};
}

/// Pixels of the row that the disc covers and nothing above it does; -> how many were bare.
std::int64_t cover(const Disc& disc, std::int64_t side, std::vector<char>& done, float* pixels) {
  std::int64_t fresh = 0;
  const auto top = std::max<std::int64_t>(0, std::lround(std::ceil(disc.y - disc.radius)));
  const auto bottom =
      std::min<std::int64_t>(side - 1, std::lround(std::floor(disc.y + disc.radius)));
  for (std::int64_t y = top; y <= bottom; ++y) {
    const double rise = static_cast<double>(y) - disc.y;
    const double half = std::sqrt(std::max(0.0, disc.radius * disc.radius - rise * rise));
    const auto left = std::max<std::int64_t>(0, std::lround(std::ceil(disc.x - half)));
    const auto right = std::min<std::int64_t>(side - 1, std::lround(std::floor(disc.x + half)));
    for (std::int64_t x = left; x <= right; ++x) {
      const std::int64_t at = y * side + x;
      if (done[static_cast<std::size_t>(at)] != 0) continue;
      done[static_cast<std::size_t>(at)] = 1;
      pixels[at] = disc.grey;
      ++fresh;
    }
  }
  return fresh;
}

double shared_area(double radius, double distance) {
  if (distance >= 2 * radius) return 0;
  return 2 * radius * radius * std::acos(distance / (2 * radius)) -
         distance / 2 * std::sqrt(4 * radius * radius - distance * distance);
}

double mean_shared_area(const DeadLeaves& o, double distance) {
  constexpr int kPoints = 4000;
  double sum = 0;
  for (int i = 0; i < kPoints; ++i) sum += shared_area(radius_at(o, (i + 0.5) / kPoints), distance);
  return sum / kPoints;
}

}  // namespace

void DeadLeaves::validate() const {
  TESSERA_CHECK(
      side >= 1 && side <= 256, kInvalidArgument, "side must be in 1..256 pixels, got ", side);
  TESSERA_CHECK(smallest >= 1 && largest > smallest && largest <= 256,
                kInvalidArgument,
                "radii must have 1 <= smallest < largest <= 256, got ",
                smallest,
                " and ",
                largest);
}

at::Tensor draw_dead_leaves(const DeadLeaves& options, std::int64_t first, std::int64_t count) {
  options.validate();
  const std::int64_t pixels = options.side * options.side;
  at::Tensor out = at::empty({count, 1, options.side, options.side}, at::kFloat);
  std::vector<char> done;
  for (std::int64_t row = 0; row < count; ++row) {
    done.assign(static_cast<std::size_t>(pixels), 0);
    float* picture = out.mutable_data_ptr<float>() + row * pixels;
    std::int64_t bare = pixels;
    for (std::uint32_t number = 0; bare > 0; ++number) {
      bare -= cover(draw_disc(options, first + row, number), options.side, done, picture);
    }
  }
  return out;
}

double same_leaf_probability(const DeadLeaves& options, double distance) {
  options.validate();
  TESSERA_CHECK(distance >= 0, kInvalidArgument, "a distance is not negative, got ", distance);
  const double alone = mean_shared_area(options, 0);
  const double both = mean_shared_area(options, distance);
  return both / (2 * alone - both);
}

}  // namespace tessera::lab
