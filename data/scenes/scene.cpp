#include "data/scenes/scene.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::data {
namespace {

constexpr int kMiddle = kSpriteSide / 2;

/// From the middle of the bitmap to the middle of the visible box, in canvas pixels.
std::array<double, 2> offset(const Object& object, const Box& visible) {
  const double scale = object.side / kSpriteSide;
  const double dy = (visible.top + visible.bottom) / 2.0 - kMiddle;
  const double dx = (visible.left + visible.right) / 2.0 - kMiddle;
  return {dy * scale, (object.mirror ? -dx : dx) * scale};
}

template <typename T>
T value(const at::Tensor& t, std::int64_t row, std::int64_t column) {
  return t.const_data_ptr<T>()[row * t.size(1) + column];
}

}  // namespace

PlacedBox placed_box(const Object& object, const Box& visible) {
  const double scale = object.side / kSpriteSide;
  const auto [dy, dx] = offset(object, visible);
  const double height = visible.height() * scale;
  const double width = visible.width() * scale;
  return {object.y + dy - height / 2, object.x + dx - width / 2, height, width};
}

Object place_object(int noun,
                    int colour,
                    const Box& visible,
                    double visible_side,
                    double y,
                    double x,
                    bool mirror) {
  const int longest = std::max(visible.height(), visible.width());
  Object out{.noun = noun, .colour = colour, .y = y, .x = x, .side = 0, .mirror = mirror};
  out.side = std::min<double>(kSpriteSide, visible_side * kSpriteSide / longest);
  const auto [dy, dx] = offset(out, visible);
  out.y -= dy;
  out.x -= dx;
  return out;
}

SceneProgram pack(const std::vector<Scene>& scenes) {
  const auto rows = static_cast<std::int64_t>(scenes.size());
  SceneProgram p{.kind = at::empty({rows}, at::kLong),
                 .background = at::empty({rows}, at::kLong),
                 .place = at::empty({rows}, at::kLong),
                 .noun = at::full({rows, kMaxObjects}, -1, at::kLong),
                 .colour = at::full({rows, kMaxObjects}, -1, at::kLong),
                 .variant = at::empty({rows}, at::kLong),
                 .wording = at::empty({rows, 4}, at::kLong),
                 .sprite = at::full({rows, kMaxObjects}, kNoSprite, at::kLong),
                 .center = at::zeros({rows, kMaxObjects, 2}, at::kFloat),
                 .side = at::ones({rows, kMaxObjects}, at::kFloat),
                 .mirror = at::zeros({rows, kMaxObjects}, at::kBool),
                 .background_rgb = at::empty({rows, 3}, at::kFloat),
                 .place_values = at::empty({rows, kPlaceValueCount}, at::kFloat)};
  const auto put = [](at::Tensor& t, std::int64_t at_index, auto v) {
    t.mutable_data_ptr<decltype(v)>()[at_index] = v;
  };
  for (std::int64_t row = 0; row < rows; ++row) {
    const Scene& s = scenes[static_cast<std::size_t>(row)];
    put(p.kind, row, static_cast<std::int64_t>(s.kind));
    put(p.background, row, std::int64_t{s.background});
    put(p.place, row, std::int64_t{s.place});
    put(p.variant, row, std::int64_t{s.variant});
    for (int k = 0; k < 4; ++k) {
      put(p.wording, 4 * row + k, std::int64_t{s.wording[static_cast<std::size_t>(k)]});
    }
    for (int k = 0; k < s.count; ++k) {
      const Object& object = s.objects[static_cast<std::size_t>(k)];
      const std::int64_t i = row * kMaxObjects + k;
      put(p.noun, i, std::int64_t{object.noun});
      put(p.colour, i, std::int64_t{object.colour});
      put(p.sprite, i, std::int64_t{sprite_row(object.noun, object.colour)});
      put(p.center, 2 * i, static_cast<float>(object.y));
      put(p.center, 2 * i + 1, static_cast<float>(object.x));
      put(p.side, i, static_cast<float>(object.side));
      put(p.mirror, i, object.mirror);
    }
    std::ranges::copy(s.background_rgb, p.background_rgb.mutable_data_ptr<float>() + 3 * row);
    std::ranges::copy(s.place_values,
                      p.place_values.mutable_data_ptr<float>() + kPlaceValueCount * row);
  }
  return p;
}

Scene unpack(const SceneProgram& p, std::int64_t row) {
  const auto integer = [row](const at::Tensor& t) {
    return static_cast<int>(t.const_data_ptr<std::int64_t>()[row]);
  };
  Scene s{.kind = static_cast<Kind>(integer(p.kind)),
          .background = integer(p.background),
          .place = integer(p.place),
          .variant = integer(p.variant)};
  for (int k = 0; k < 4; ++k) {
    s.wording[static_cast<std::size_t>(k)] =
        static_cast<int>(value<std::int64_t>(p.wording, row, k));
  }
  for (int k = 0; k < kMaxObjects; ++k) {
    const auto noun = static_cast<int>(value<std::int64_t>(p.noun, row, k));
    if (noun < 0) break;
    const std::int64_t i = row * kMaxObjects + k;
    s.objects[static_cast<std::size_t>(k)] = {
        .noun = noun,
        .colour = static_cast<int>(value<std::int64_t>(p.colour, row, k)),
        .y = p.center.const_data_ptr<float>()[2 * i],
        .x = p.center.const_data_ptr<float>()[2 * i + 1],
        .side = p.side.const_data_ptr<float>()[i],
        .mirror = p.mirror.const_data_ptr<bool>()[i]};
    s.count = k + 1;
  }
  std::copy_n(p.background_rgb.const_data_ptr<float>() + 3 * row, 3, s.background_rgb.begin());
  std::copy_n(p.place_values.const_data_ptr<float>() + kPlaceValueCount * row,
              kPlaceValueCount,
              s.place_values.begin());
  return s;
}

}  // namespace tessera::data
