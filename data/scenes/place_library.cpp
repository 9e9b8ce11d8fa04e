#include "data/scenes/place_library.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/ATen.h>

#include "data/scenes/places.h"
#include "data/scenes/scene.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kExamples = 25;
constexpr float kMostDifference = 40;      // of one level: more is the object, not the place
constexpr std::int64_t kFittedValues = 6;  // the numbers that move more than specks

/// [n, 3, side, side] levels.
at::Tensor levels_of_places(const at::Tensor& places, const at::Tensor& values, int side) {
  at::Tensor pictures = draw_places(places, values) * 255;
  if (side != kSpriteSide) {
    pictures = pictures.view({-1, 3, side, 2, side, 2}).mean(at::IntArrayRef{3, 5});
  }
  return pictures.contiguous();
}

/// Sum of what differs, at most kMostDifference a level; more than `best` where it is no better.
float difference(const float* picture, const float* example, std::size_t numbers, float best) {
  float sum = 0;
  for (std::size_t i = 0; i < numbers && sum < best; i += 3) {
    sum += std::min(kMostDifference, std::abs(picture[i] - example[i]));
  }
  return sum;
}

}  // namespace

PlaceLibrary::PlaceLibrary(int side) : side_(side) {
  // The two numbers that shape a place (horizon, hill) on a grid; the others in the middle.
  const at::Tensor grid = (at::arange(5, at::kFloat) + 0.5) / 5;
  values_ = at::full({kPlaceCount * kExamples, kPlaceValueCount}, 0.5, at::kFloat);
  values_.select(1, 0).copy_(grid.repeat_interleave(5).repeat(kPlaceCount));
  values_.select(1, 1).copy_(grid.repeat(5 * kPlaceCount));
  const at::Tensor places = at::arange(kPlaceCount, at::kLong).repeat_interleave(kExamples);
  const at::Tensor pictures = levels_of_places(places, values_, side);
  examples_.assign(pictures.const_data_ptr<float>(),
                   pictures.const_data_ptr<float>() + pictures.numel());
}

PlaceLibrary::Match PlaceLibrary::nearest(const Picture& p) const {
  const std::size_t numbers = std::size_t{3} * static_cast<std::size_t>(side_ * side_);
  std::int64_t nearest = 0;
  float best = std::numeric_limits<float>::max();
  for (std::int64_t k = 0; k < kPlaceCount * kExamples; ++k) {
    const float* example = examples_.data() + static_cast<std::size_t>(k) * numbers;
    const float sum = difference(p.levels, example, numbers, best);
    if (sum >= best) continue;
    best = sum;
    nearest = k;
  }
  const auto example = examples_.begin() +
                       static_cast<std::ptrdiff_t>(nearest) * static_cast<std::ptrdiff_t>(numbers);
  Match out{static_cast<int>(nearest / kExamples),
            {example, example + static_cast<std::ptrdiff_t>(numbers)}};
  fit(p, best, values_[nearest].clone(), out);
  return out;
}

/// Each of the numbers in turn is set to what fits best, anywhere at first, then near what it is,
/// then nearer; the picture of all of them is kept.
void PlaceLibrary::fit(const Picture& p, float best, at::Tensor values, Match& match) const {
  const auto vary = [&](std::int64_t k, const at::Tensor& tried) {
    at::Tensor rows = values.repeat({tried.size(0), 1});
    rows.select(1, k).copy_(tried);
    const at::Tensor places = at::full({rows.size(0)}, match.place, at::kLong);
    const at::Tensor pictures = levels_of_places(places, rows, side_);
    for (std::int64_t row = 0; row < rows.size(0); ++row) {
      const float* picture = pictures[row].const_data_ptr<float>();
      const float sum = difference(p.levels, picture, match.background.size(), best);
      if (sum >= best) continue;
      best = sum;
      values = rows[row].clone();
      match.background.assign(picture, picture + match.background.size());
    }
  };
  const at::Tensor anywhere = at::tensor({0.1F, 0.3F, 0.5F, 0.7F, 0.9F});
  const at::Tensor near = at::tensor({-2.0F, -1.0F, 1.0F, 2.0F});
  for (std::int64_t k = 0; k < kFittedValues; ++k) vary(k, anywhere);
  for (const double step : {0.05, 0.025}) {
    for (std::int64_t k = 0; k < kFittedValues; ++k) {
      vary(k, (values[k] + near * step).clamp(0.0, 1.0));
    }
  }
}

}  // namespace tessera::data
