#include "data/scenes/places.h"

#include <array>

#include <ATen/ATen.h>

#include "data/scenes/scene.h"
#include "nn/transfer.h"

// Only additions, products, clamps and square roots: these round the same way for every position in
// a batch, where vectorised sines and exponentials need not.

namespace tessera::data {
namespace {

constexpr std::int64_t kSide = kSpriteSide;

using Levels = std::array<double, 3>;

/// The pictures of some rows of one place while they are painted: [n, 3, 128, 128], levels 0..255.
class Painting {
 public:
  explicit Painting(const at::Tensor& values) : values_(values) {
    const auto options = values.options();
    y_ = at::arange(kSide, options).view({1, 1, kSide, 1});
    x_ = at::arange(kSide, options).view({1, 1, 1, kSide});
    picture_ = at::zeros({values.size(0), 3, kSide, kSide}, options);
  }

  /// Number k of each row, stretched to [low, high], [n, 1, 1, 1].
  at::Tensor value(std::int64_t k, double low, double high) const {
    return (values_.select(1, k) * (high - low) + low).view({-1, 1, 1, 1});
  }
  const at::Tensor& y() const { return y_; }
  const at::Tensor& x() const { return x_; }
  at::Tensor picture() const { return picture_ / 255; }

  /// Lays a colour over the picture with a coverage in [0, 1].
  void lay(const at::Tensor& coverage, const at::Tensor& colour) {
    picture_ = picture_ + (colour - picture_) * coverage;
  }
  void lay(const at::Tensor& coverage, const Levels& colour) { lay(coverage, flat(colour)); }

  /// A gradient from `from` at height `top` to `to` at height `bottom`, everywhere below `top`.
  void slope(const at::Tensor& top,
             const at::Tensor& bottom,
             const Levels& from,
             const Levels& to) {
    const at::Tensor share = ((y_ + 0.5 - top) / (bottom - top)).clamp(0, 1);
    lay(below(top), flat(from) + (flat(to) - flat(from)) * share);
  }

  /// Share of each pixel that lies under a line, which may be a curve over x.
  at::Tensor below(const at::Tensor& line) const { return (y_ + 1 - line).clamp(0, 1); }
  at::Tensor between(const at::Tensor& top, const at::Tensor& bottom) const {
    return below(top) * (1 - below(bottom));
  }
  /// Disc with a soft rim.
  at::Tensor disc(const at::Tensor& cy, const at::Tensor& cx, const at::Tensor& radius) const {
    const at::Tensor dy = y_ + 0.5 - cy;
    const at::Tensor dx = x_ + 0.5 - cx;
    return (radius + 0.5 - (dy * dy + dx * dx).sqrt()).clamp(0, 1);
  }
  at::Tensor line(double height) const { return at::full({1, 1, 1, 1}, height, values_.options()); }

  /// Twelve discs from numbers 4..27, and copies of them that are moved on.
  void sprinkle(int copies,
                double top,
                double bottom,
                double least,
                double most,
                const Levels& colour,
                double strength) {
    at::Tensor coverage = at::zeros({1, 1, kSide, kSide}, values_.options());
    for (int copy = 0; copy < copies; ++copy) {
      for (int k = 0; k < 12; ++k) {
        const double step = copy * 0.381966;
        const at::Tensor v = values_.select(1, 4 + 2 * k) + step;
        const at::Tensor w = values_.select(1, 5 + 2 * k) + step * 1.7;
        const at::Tensor cy = ((v - v.floor()) * (bottom - top) + top).view({-1, 1, 1, 1});
        const at::Tensor cx = ((w - w.floor()) * kSide).view({-1, 1, 1, 1});
        const double radius = least + (most - least) * ((k * 5 + copy) % 12) / 11;
        coverage = at::maximum(coverage, disc(cy, cx, line(radius)));
      }
    }
    lay(coverage * strength, colour);
  }

  /// A hill: a parabola of that height and half width, hanging from a crest.
  at::Tensor hill(const at::Tensor& crest_y,
                  const at::Tensor& crest_x,
                  double height,
                  double half_width) const {
    const at::Tensor d = (x_ + 0.5 - crest_x) / half_width;
    return crest_y + d * d * height;
  }

 private:
  at::Tensor flat(const Levels& colour) const {
    const at::Tensor levels =
        at::tensor(at::ArrayRef<double>(colour), values_.options().device(at::kCPU));
    return nn::to_device(levels, values_.device()).view({1, 3, 1, 1});
  }

  at::Tensor values_{};
  at::Tensor y_{};
  at::Tensor x_{};
  at::Tensor picture_{};
};

void field(Painting& p) {
  const at::Tensor horizon = p.value(0, 68, 84);
  p.slope(p.line(0), horizon, {112, 182, 240}, {196, 228, 250});
  p.slope(p.hill(horizon, p.value(1, 10, 118), 7, 64), p.line(128), {122, 190, 88}, {74, 148, 62});
}

void beach(Painting& p) {
  const at::Tensor horizon = p.value(0, 50, 62);
  const at::Tensor shore = p.value(1, 70, 84);
  p.slope(p.line(0), horizon, {118, 190, 244}, {202, 232, 250});
  p.slope(horizon, shore, {46, 124, 196}, {92, 184, 216});
  p.slope(shore, p.line(128), {246, 226, 172}, {226, 194, 128});
}

void sea(Painting& p) {
  const at::Tensor horizon = p.value(0, 46, 66);
  p.slope(p.line(0), horizon, {128, 196, 246}, {206, 234, 252});
  p.slope(horizon, p.line(128), {40, 112, 188}, {18, 64, 132});
  for (int k = 0; k < 6; ++k) {  // short waves
    const at::Tensor y = horizon + p.value(4 + 2 * k, 8, 56);
    const at::Tensor x = p.value(5 + 2 * k, 8, 120);
    const at::Tensor near = (9 - (p.x() + 0.5 - x).abs()).clamp(0, 1);
    p.lay(p.between(y, y + 1.6) * near * 0.7, Levels{150, 200, 236});
  }
}

void night(Painting& p) {
  p.slope(p.line(0), p.line(96), {14, 16, 44}, {40, 44, 86});
  p.sprinkle(2, 2, 84, 0.4, 1.1, {255, 250, 224}, 0.9);
  const at::Tensor ground = p.hill(p.value(0, 84, 98), p.value(1, 10, 118), 6, 64);
  p.slope(ground, p.line(128), {22, 44, 34}, {12, 26, 22});
}

void snow(Painting& p) {
  p.slope(p.line(0), p.line(84), {150, 176, 208}, {206, 220, 236});
  p.slope(p.hill(p.value(0, 78, 92), p.value(1, 10, 118), 7, 64),
          p.line(128),
          {246, 250, 255},
          {218, 230, 244});
  p.sprinkle(3, 0, 128, 0.6, 1.7, {255, 255, 255}, 0.95);
}

void desert(Painting& p) {
  p.slope(p.line(0), p.line(80), {248, 206, 128}, {252, 232, 178});
  p.lay(p.disc(p.value(2, 16, 30), p.value(3, 14, 114), p.line(9)), Levels{255, 246, 206});
  p.slope(p.hill(p.value(0, 70, 80), p.value(1, 0, 60), 12, 60),
          p.line(128),
          {226, 176, 104},
          {206, 150, 82});
  p.slope(p.hill(p.value(4, 82, 94), p.value(5, 60, 128), 12, 60),
          p.line(128),
          {236, 190, 118},
          {214, 160, 90});
}

void space(Painting& p) {
  p.slope(p.line(0), p.line(128), {10, 8, 24}, {26, 16, 46});
  p.sprinkle(4, 0, 128, 0.4, 1.3, {236, 236, 255}, 0.9);
}

void water(Painting& p) {
  p.slope(p.line(0), p.line(118), {84, 190, 216}, {20, 84, 142});
  p.sprinkle(1, 6, 108, 0.8, 2.6, {196, 236, 246}, 0.6);
  p.slope(p.hill(p.value(0, 112, 120), p.value(1, 20, 108), 4, 64),
          p.line(128),
          {222, 202, 152},
          {196, 172, 120});
}

void room(Painting& p) {
  const at::Tensor floor = p.value(0, 80, 94);
  p.slope(p.line(0), floor, {240, 224, 198}, {228, 208, 178});
  p.slope(floor, p.line(128), {166, 112, 68}, {142, 92, 54});
  p.lay(p.between(floor - 4, floor), Levels{250, 246, 238});
  for (int k = 1; k <= 3; ++k) {  // planks
    const at::Tensor y = floor + (128 - floor) * (k * k / 12.0);
    p.lay(p.between(y, y + 1) * 0.6, Levels{112, 70, 40});
  }
}

void road(Painting& p) {
  const at::Tensor kerb = p.value(0, 66, 78);
  p.slope(p.line(0), kerb, {126, 190, 242}, {204, 230, 250});
  p.lay(p.below(kerb), Levels{128, 178, 92});
  p.slope(kerb + 8, p.line(128), {104, 104, 110}, {82, 82, 88});
  const at::Tensor middle = kerb + (128 - kerb) * 0.62;
  const at::Tensor phase = (p.x() + p.value(1, 0, 32)) / 32;
  const at::Tensor dash = ((phase - phase.floor()) * 32 - 16).clamp(0, 1);
  p.lay(p.between(middle, middle + 4) * dash, Levels{240, 240, 236});
}

using Painter = void (*)(Painting&);
constexpr std::array<Painter, kPlaceCount> kPainters{
    field, beach, sea, night, snow, desert, space, water, room, road};

}  // namespace

at::Tensor draw_places(const at::Tensor& places, const at::Tensor& values) {
  at::Tensor out = at::zeros({values.size(0), 3, kSide, kSide}, values.options());
  const at::Tensor where = places.to(at::kCPU);
  for (int place = 0; place < kPlaceCount; ++place) {
    const at::Tensor rows = nn::to_device(where.eq(place).nonzero().view({-1}), values.device());
    if (rows.numel() == 0) continue;
    Painting painting(values.index_select(0, rows));
    kPainters[static_cast<std::size_t>(place)](painting);
    out.index_copy_(0, rows, painting.picture().clamp(0, 1));
  }
  return out;
}

}  // namespace tessera::data
