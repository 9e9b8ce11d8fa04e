// Times the scene kernel against its reference on scenes like those of emoji-scenes: two sprites of
// about 54 pixels on a plain background, one thread. The two must agree before either is timed.

#include "kernels/draw_sprites.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/report.h"
#include "core/error.h"
#include "core/philox.h"

namespace {

using namespace tessera;
constexpr std::int64_t kSide = kernels::DrawSprites::kSide;
constexpr std::int64_t kObjects = 2;

/// Discs of random palettes: a shape with an edge that is neither straight nor on the grid.
struct Scenes {
  std::int64_t count;
  std::vector<std::uint8_t> index{};
  std::vector<std::int32_t> box{4, 4, 124, 124};
  std::vector<std::int32_t> plane{0, 0, 0};
  std::vector<float> palette{}, center{}, side{}, background{};
  std::vector<std::int64_t> sprite{};
  std::unique_ptr<bool[]> mirror{};

  explicit Scenes(std::int64_t scenes);
  kernels::DrawSprites arguments(std::int64_t resolution, std::vector<float>& out) const;
};

Scenes::Scenes(std::int64_t scenes)
    : count(scenes), mirror(std::make_unique<bool[]>(static_cast<std::size_t>(kObjects * scenes))) {
  std::uint32_t drawn = 0;
  const auto uniform = [&] {
    return unit(philox({.seed = 1, .purpose = Purpose::kScene}, drawn++).w[0]);
  };
  for (std::int64_t y = 0; y < kSide; ++y) {
    for (std::int64_t x = 0; x < kSide; ++x) {
      const bool inside =
          std::hypot(static_cast<double>(y) - 63.5, static_cast<double>(x) - 63.5) < 60;
      index.push_back(inside ? static_cast<std::uint8_t>(1 + (x * y) % 255) : 0);
    }
  }
  for (std::size_t entry = 0; entry < plane.size() * 256; ++entry) {
    const float alpha = entry % 256 == 0 ? 0.0F : 1.0F;
    for (int channel = 0; channel < 3; ++channel) palette.push_back(alpha * uniform());
    palette.push_back(alpha);
  }
  for (std::int64_t object = 0; object < kObjects * scenes; ++object) {
    sprite.push_back(object % static_cast<std::int64_t>(plane.size()));
    center.push_back(34 + 60 * uniform());
    center.push_back(34 + 60 * uniform());
    side.push_back(48 + 12 * uniform());
    mirror[static_cast<std::size_t>(object)] = object % 3 == 0;
  }
  for (std::int64_t channel = 0; channel < 3 * scenes; ++channel) background.push_back(uniform());
}

kernels::DrawSprites Scenes::arguments(std::int64_t resolution, std::vector<float>& out) const {
  out.resize(static_cast<std::size_t>(count * 3 * resolution * resolution));
  return {.index = index.data(),
          .box = box.data(),
          .plane = plane.data(),
          .palette = palette.data(),
          .scenes = count,
          .objects = kObjects,
          .sprite = sprite.data(),
          .center = center.data(),
          .side = side.data(),
          .mirror = mirror.get(),
          .background = background.data(),
          .resolution = resolution,
          .out = out.data()};
}

/// Values lie on 8-bit levels; rounding in float32 and in float64 may fall on neighbouring ones.
double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

}  // namespace

int main(int argc, char** argv) {
  std::int64_t count = 64;
  bench::Effort effort{};
  bool json = false;
  CLI::App app("Times kernels/draw_sprites against its reference; checks them first.",
               "draw_sprites_bench");
  app.option_defaults()->always_capture_default();
  app.add_option("--scenes", count)->check(CLI::PositiveNumber);
  app.add_option("--repeats", effort.repeats)->check(CLI::PositiveNumber);
  app.add_flag("--json", json, "one JSON object instead of a table");
  CLI11_PARSE(app, argc, argv);

  const Scenes scenes(count);
  bench::Report report;
  report.facts = bench::machine_facts();
  for (const std::int64_t resolution : {std::int64_t{64}, kSide}) {
    std::vector<float> fast;
    std::vector<float> slow;
    const auto fast_arguments = scenes.arguments(resolution, fast);
    const auto slow_arguments = scenes.arguments(resolution, slow);
    const auto draw = [&] { kernels::draw_sprites(fast_arguments, 0, count); };
    const auto draw_slowly = [&] { kernels::draw_sprites_reference(slow_arguments, 0, count); };
    draw();
    draw_slowly();
    report.check_at_most(concat("levels apart at ", resolution, " px"),
                         largest_difference(fast, slow) * 255 / 2,
                         1.001);
    report.rows.push_back(
        {concat("kernel, ", resolution, " px"), count, bench::measure(draw, effort)});
    report.rows.push_back(
        {concat("reference, ", resolution, " px"), count, bench::measure(draw_slowly, effort)});
  }
  report.print(std::cout, json);
  return report.failures.empty() ? 0 : 1;
}
