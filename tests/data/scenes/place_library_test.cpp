#include "data/scenes/place_library.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "data/scenes/places.h"
#include "data/scenes/scene.h"
#include "nn/rng.h"

namespace tessera::data {
namespace {

constexpr std::int64_t kEach = 4;

/// [40, 3, side, side] levels, four pictures of each place with numbers of their own.
at::Tensor some_places(int side) {
  const at::Tensor places = at::arange(kPlaceCount, at::kLong).repeat_interleave(kEach);
  const at::Tensor values = nn::Rng::of_run(11, 0, 1).uniform(
      Purpose::kExperiment, 0, {places.size(0), kPlaceValueCount})[0];
  const at::Tensor pictures = draw_places(places, values) * 255;
  const std::int64_t by = kSpriteSide / side;
  return pictures.view({-1, 3, side, by, side, by}).mean(at::IntArrayRef{3, 5}).contiguous();
}

TEST(PlaceLibrary, FitsTheBackgroundOfAPlace) {
  for (const int side : {64, 128}) {
    const PlaceLibrary library(side);
    const at::Tensor pictures = some_places(side);
    for (std::int64_t row = 0; row < pictures.size(0); ++row) {
      const at::Tensor picture = pictures[row].contiguous();
      const PlaceLibrary::Match match = library.nearest({picture.const_data_ptr<float>(), side});
      EXPECT_EQ(match.place, row / kEach);
      const at::Tensor fitted = at::tensor(match.background).view({3, side, side});
      // All but stars, waves and flakes: a horizon that is off by a pixel would be 1 % of them.
      const at::Tensor apart = (fitted - picture).abs().amax(0) > 40;
      EXPECT_LT(apart.to(at::kFloat).mean().item<float>(), 0.045) << row << " at " << side;
    }
  }
}

TEST(PlaceLibrary, AThingInFrontIsNoPartOfThePlace) {
  const PlaceLibrary library(64);
  const at::Tensor pictures = some_places(64);
  for (std::int64_t row = 0; row < pictures.size(0); ++row) {
    at::Tensor picture = pictures[row].contiguous();
    const PlaceLibrary::Match plain = library.nearest({picture.const_data_ptr<float>(), 64});
    picture.slice(1, 20, 44).slice(2, 20, 44).fill_(200.0F);
    const PlaceLibrary::Match match = library.nearest({picture.const_data_ptr<float>(), 64});
    EXPECT_EQ(match.place, plain.place);
    const at::Tensor moved = (at::tensor(match.background) - at::tensor(plain.background)).abs();
    EXPECT_LT(moved.mean().item<float>(), 3.0F) << row;
  }
}

}  // namespace
}  // namespace tessera::data
