#include "kernels/draw_sprites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

// Separable and sparse. A sprite is never enlarged, so a source pixel is at most one canvas pixel
// wide and touches at most two: every source row is first folded into canvas columns, then that row
// is added to the one or two canvas rows it touches. A pixel is one vector of four floats (RGBA).

namespace tessera::kernels {
namespace {

constexpr int kSide = DrawSprites::kSide;

using Pixel = float __attribute__((vector_size(16)));

/// Where the source pixels of one axis fall: pixel u gives `near` of itself to canvas pixel `at`
/// and `far` to the next.
struct Fold {
  std::array<int, kSide> at{};
  std::array<float, kSide> near{};
  std::array<float, kSide> far{};

  Fold(float center, float side, int begin, int end) {
    const float step = side / kSide;
    const float start = center - side / 2;
    for (int u = begin; u < end; ++u) {
      const float low = start + static_cast<float>(u) * step;
      const float high = start + static_cast<float>(u + 1) * step;
      const float floor = std::floor(low);
      const float split = std::clamp(floor + 1, low, high);
      const auto k = static_cast<std::size_t>(u);
      at[k] = static_cast<int>(floor);
      near[k] = split - low;
      far[k] = high - split;
    }
  }
};

struct Canvas {
  std::vector<Pixel> pixels = std::vector<Pixel>(kSide * kSide);
  std::vector<Pixel> layer = std::vector<Pixel>(kSide * kSide);
};

void fill(const DrawSprites& a, std::int64_t scene, Canvas& canvas) {
  if (a.backdrop != nullptr && a.backdrop[scene] >= 0) {
    const float* from = a.backdrops + a.backdrop[scene] * 3 * kSide * kSide;
    for (std::size_t i = 0; i < kSide * kSide; ++i) {
      canvas.pixels[i] = Pixel{from[i], from[i + kSide * kSide], from[i + 2 * kSide * kSide], 0};
    }
    return;
  }
  const float* rgb = a.background + scene * 3;
  std::ranges::fill(canvas.pixels, Pixel{rgb[0], rgb[1], rgb[2], 0});
}

void draw_object(const DrawSprites& a, std::int64_t slot, Canvas& canvas) {
  const std::int64_t sprite = a.sprite[slot];
  if (a.plane[sprite] < 0) return;
  const std::uint8_t* index = a.index + std::int64_t{a.plane[sprite]} * kSide * kSide;
  const auto* palette = reinterpret_cast<const float(*)[4]>(a.palette + sprite * 1024);
  const std::int32_t* box = a.box + std::int64_t{a.plane[sprite]} * 4;
  const bool mirror = a.mirror[slot];
  const int left = mirror ? kSide - box[3] : box[1];
  const int right = mirror ? kSide - box[1] : box[3];
  const Fold rows(a.center[2 * slot], a.side[slot], box[0], box[2]);
  const Fold columns(a.center[2 * slot + 1], a.side[slot], left, right);

  // The canvas rectangle that is touched; folding needs one pixel more at the end.
  const auto index_of = [](int u) { return static_cast<std::size_t>(u); };
  const int top = std::max(0, rows.at[index_of(box[0])]);
  const int bottom = std::min(kSide, rows.at[index_of(box[2] - 1)] + 2);
  const int first = std::max(0, columns.at[index_of(left)]);
  const int last = std::min(kSide, columns.at[index_of(right - 1)] + 2);
  if (top >= bottom || first >= last) return;
  for (int y = top; y < bottom; ++y) {
    std::fill(
        canvas.layer.begin() + y * kSide + first, canvas.layer.begin() + y * kSide + last, Pixel{});
  }

  // One pixel of margin on both sides takes what falls off the canvas.
  std::array<Pixel, 3 * kSide> folded;
  const auto column = [](int x) { return static_cast<std::size_t>(std::clamp(x, -1, kSide) + 1); };
  for (int u = box[0]; u < box[2]; ++u) {
    const std::array<std::pair<int, float>, 2> targets{
        {{rows.at[index_of(u)], rows.near[index_of(u)]},
         {rows.at[index_of(u)] + 1, rows.far[index_of(u)]}}};
    if (targets[1].first < 0 || targets[0].first >= kSide) continue;
    std::fill(folded.begin() + first, folded.begin() + last + 2, Pixel{});
    for (int v = left; v < right; ++v) {
      const float* colour = palette[index[u * kSide + (mirror ? kSide - 1 - v : v)]];
      const Pixel pixel{colour[0], colour[1], colour[2], colour[3]};
      const int x = columns.at[index_of(v)];
      folded[column(x)] += pixel * columns.near[index_of(v)];
      folded[column(x + 1)] += pixel * columns.far[index_of(v)];
    }
    for (const auto& [y, weight] : targets) {
      if (y < 0 || y >= kSide || weight == 0) continue;
      Pixel* to = canvas.layer.data() + y * kSide;
      for (int x = first; x < last; ++x) to[x] += folded[column(x)] * weight;
    }
  }
  for (int y = top; y < bottom; ++y) {
    for (int x = first; x < last; ++x) {
      const Pixel layer = canvas.layer[index_of(y * kSide + x)];
      Pixel& below = canvas.pixels[index_of(y * kSide + x)];
      below = layer + below * (1 - layer[3]);
    }
  }
}

float level(float value) {
  const int rounded = static_cast<int>(std::clamp(value, 0.0F, 1.0F) * 255 + 0.5F);
  return static_cast<float>(rounded) / 127.5F - 1;
}

void finish(const DrawSprites& a, std::int64_t scene, const Canvas& canvas) {
  const auto size = static_cast<int>(a.resolution);
  const int factor = kSide / size;
  float* out = a.out + scene * 3 * size * size;
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size; ++x) {
      const Pixel* from = canvas.pixels.data() + factor * (y * kSide + x);
      const Pixel pixel =
          factor == 1 ? from[0] : (from[0] + from[1] + from[kSide] + from[kSide + 1]) * 0.25F;
      for (int c = 0; c < 3; ++c) out[(c * size + y) * size + x] = level(pixel[c]);
    }
  }
}

}  // namespace

void draw_sprites(const DrawSprites& args, std::int64_t first, std::int64_t last) {
  Canvas canvas;
  for (std::int64_t scene = first; scene < last; ++scene) {
    fill(args, scene, canvas);
    for (std::int64_t k = 0; k < args.objects; ++k) {
      draw_object(args, scene * args.objects + k, canvas);
    }
    finish(args, scene, canvas);
  }
}

}  // namespace tessera::kernels
