#include "data/scenes/place_library.h"

#include <algorithm>
#include <limits>

#include <ATen/ATen.h>

#include "data/scenes/places.h"
#include "data/scenes/scene.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kExamples = 25;
constexpr float kMostDifference = 40;  // of one level: more is the object, not the place

}  // namespace

PlaceLibrary::PlaceLibrary(int side) : side_(side) {
  // The two numbers that shape a place (horizon, hill) on a grid; the others in the middle.
  const at::Tensor grid = (at::arange(5, at::kFloat) + 0.5) / 5;
  at::Tensor values = at::full({kPlaceCount * kExamples, kPlaceValueCount}, 0.5, at::kFloat);
  values.select(1, 0).copy_(grid.repeat_interleave(5).repeat(kPlaceCount));
  values.select(1, 1).copy_(grid.repeat(5 * kPlaceCount));
  const at::Tensor places = at::arange(kPlaceCount, at::kLong).repeat_interleave(kExamples);
  at::Tensor pictures = draw_places(places, values) * 255;
  if (side != kSpriteSide) {
    pictures = pictures.view({-1, 3, side, 2, side, 2}).mean(at::IntArrayRef{3, 5});
  }
  pictures = pictures.contiguous();
  examples_.assign(pictures.const_data_ptr<float>(),
                   pictures.const_data_ptr<float>() + pictures.numel());
}

PlaceLibrary::Match PlaceLibrary::nearest(const Picture& p) const {
  const std::size_t numbers = std::size_t{3} * static_cast<std::size_t>(side_ * side_);
  Match out;
  float best = std::numeric_limits<float>::max();
  for (std::int64_t k = 0; k < kPlaceCount * kExamples; ++k) {
    const float* example = examples_.data() + static_cast<std::size_t>(k) * numbers;
    float sum = 0;
    for (std::size_t i = 0; i < numbers && sum < best; i += 3) {
      sum += std::min(kMostDifference, std::abs(p.levels[i] - example[i]));
    }
    if (sum >= best) continue;
    best = sum;
    out = {static_cast<int>(k / kExamples), {example, side_}};
  }
  return out;
}

}  // namespace tessera::data
