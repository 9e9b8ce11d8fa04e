#include "data/scenes/renderer.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/scenes/places.h"
#include "kernels/draw_sprites.h"
#include "tests/data/scenes/fixtures.h"
#include "tests/support/watched_operators.h"

namespace tessera::data {
namespace {

SceneProgram scenes_of(std::vector<std::string> kinds, std::int64_t count) {
  return open_scenes(atlas_path(), {.split = "all", .kinds = std::move(kinds)})
      ->program(first_indices(count));
}

at::Tensor levels(const at::Tensor& images) {
  return ((images + 1) * 127.5).round();
}

/// The kernel's arguments for one scene of synthetic sprites: sprite 0 is all white and opaque.
struct OneSquare {
  std::vector<std::uint8_t> index = std::vector<std::uint8_t>(128 * 128, 0);
  std::array<std::int32_t, 4> box{0, 0, 128, 128};
  std::array<std::int32_t, 1> plane{0};
  std::vector<float> palette = std::vector<float>(1024, 1.0F);
  std::int64_t sprite = 0;
  std::array<float, 2> center{64, 64};
  float side = 128;
  bool mirror = false;
  std::array<float, 3> background{};

  at::Tensor draw(bool reference = false) {
    at::Tensor out = at::empty({3, 128, 128}, at::kFloat);
    const kernels::DrawSprites args{.index = index.data(),
                                    .box = box.data(),
                                    .plane = plane.data(),
                                    .palette = palette.data(),
                                    .scenes = 1,
                                    .objects = 1,
                                    .sprite = &sprite,
                                    .center = center.data(),
                                    .side = &side,
                                    .mirror = &mirror,
                                    .background = background.data(),
                                    .out = out.mutable_data_ptr<float>()};
    (reference ? kernels::draw_sprites_reference : kernels::draw_sprites)(args, 0, 1);
    return (out + 1) / 2;
  }
};

TEST(DrawSprites, ASquareCoversItsArea) {
  for (const auto& [y, x, side] : {std::tuple{50.3F, 70.9F, 40.0F},
                                   {64.0F, 64.0F, 17.25F},
                                   {33.33F, 91.1F, 54.7F},
                                   {64.5F, 63.5F, 100.0F}}) {
    OneSquare scene{.center = {y, x}, .side = side};
    const at::Tensor coverage = scene.draw()[0];
    // Every pixel of the rim was rounded to a level.
    EXPECT_NEAR(coverage.sum().item<float>(), side * side, 4 * side * 0.5 / 255 + 0.1);
    // Rows: what one row of source pixels gives sums to side / 128 each, all inside the square.
    const at::Tensor rows = coverage.amax(1);
    const auto top = static_cast<std::int64_t>(std::ceil(y - side / 2));
    const auto bottom = static_cast<std::int64_t>(std::floor(y + side / 2));
    EXPECT_EQ(rows.slice(0, top, bottom).min().item<float>(), 1);
    EXPECT_NEAR(rows[top - 1].item<float>(), static_cast<float>(top) - (y - side / 2), 0.003);
    EXPECT_EQ(rows.slice(0, 0, top - 1).max().item<float>(), 0);
  }
}

TEST(DrawSprites, WhatReachesOverTheEdgeIsCutOff) {
  OneSquare scene{.center = {2, 126.5}, .side = 20};
  const at::Tensor coverage = scene.draw()[0];
  EXPECT_NEAR(coverage.sum().item<float>(), 12 * 11.5, 0.1);
  EXPECT_EQ(coverage.slice(0, 0, 12).slice(1, 117, 128).min().item<float>(), 1);
  scene.center = {-50, 300};
  EXPECT_EQ(scene.draw().max().item<float>(), 0);
}

TEST(DrawSprites, AWholeBitmapInTheMiddleIsReproduced) {
  const Atlas& atlas = *shared_atlas();
  for (const char* name : {"dog", "ghost", "castle", "butterfly"}) {
    const int noun = find_noun(name);
    Scene s{.background = kWhite, .count = 1, .background_rgb = {255, 128, 0}};
    s.objects[0] = {.noun = noun, .y = 64, .x = 64, .side = 128};
    const at::Tensor bitmap = atlas.sprites(at::tensor({std::int64_t{noun}}))[0];
    const at::Tensor background = at::tensor({1.0F, 128 / 255.0F, 0.0F}).view({3, 1, 1});
    const at::Tensor expected =
        ((bitmap.slice(0, 0, 3) + background * (1 - bitmap[3])) * 255 + 0.5).floor();
    EXPECT_TRUE(at::equal(levels(draw_on_cpu(atlas, pack({s}), 128))[0], expected)) << name;
    s.objects[0].mirror = true;
    EXPECT_TRUE(at::equal(levels(draw_on_cpu(atlas, pack({s}), 128))[0], expected.flip({2})))
        << name;
  }
}

TEST(DrawSprites, AMirroredSceneIsTheMirrorOfTheScene) {
  SceneProgram scenes = scenes_of({"three", "coloured-relation", "two-counts"}, 24);
  const at::Tensor before = draw_on_cpu(*shared_atlas(), scenes, 64);
  scenes.mirror = scenes.mirror.logical_not();
  scenes.center.select(2, 1).mul_(-1).add_(128);
  const at::Tensor difference =
      levels(draw_on_cpu(*shared_atlas(), scenes, 64)) - levels(before).flip({3});
  EXPECT_LE(difference.abs().max().item<float>(), 1);
  EXPECT_LT(difference.ne(0).to(at::kFloat).mean().item<float>(), 1e-3);
}

/// Three programs for one picture: the sparse kernel, its definition in float64, matrix products.
TEST(Renderer, KernelDefinitionAndProductsAgree) {
  const Atlas& atlas = *shared_atlas();
  const SceneProgram scenes = scenes_of({}, 22);
  for (const std::int64_t resolution : {64, 128}) {
    const at::Tensor kernel = levels(draw_on_cpu(atlas, scenes, resolution));
    const at::Tensor products = levels(draw_with_products(atlas, scenes, resolution));
    EXPECT_LE((kernel - products).abs().max().item<float>(), 1);
    EXPECT_LT((kernel != products).to(at::kFloat).mean().item<float>(), 2e-4);
  }
  const SceneProgram plain = scenes_of({"single", "count", "large-small"}, 6);
  const at::Tensor kernel = draw_on_cpu(atlas, plain, 64);
  at::Tensor definition = at::empty_like(kernel);
  const at::Tensor background = plain.background_rgb / 255;
  const kernels::DrawSprites args{.index = atlas.index.const_data_ptr<std::uint8_t>(),
                                  .box = atlas.box.const_data_ptr<std::int32_t>(),
                                  .plane = atlas.plane.const_data_ptr<std::int32_t>(),
                                  .palette = atlas.palette.const_data_ptr<float>(),
                                  .scenes = 6,
                                  .objects = kMaxObjects,
                                  .sprite = plain.sprite.const_data_ptr<std::int64_t>(),
                                  .center = plain.center.const_data_ptr<float>(),
                                  .side = plain.side.const_data_ptr<float>(),
                                  .mirror = plain.mirror.const_data_ptr<bool>(),
                                  .background = background.const_data_ptr<float>(),
                                  .resolution = 64,
                                  .out = definition.mutable_data_ptr<float>()};
  kernels::draw_sprites_reference(args, 0, 6);
  EXPECT_LE((levels(kernel) - levels(definition)).abs().max().item<float>(), 1);
  EXPECT_LT((levels(kernel) != levels(definition)).to(at::kFloat).mean().item<float>(), 2e-4);
}

/// On a GPU, reading a number back would wait for the training step that is under way. (nonzero is
/// asked of the scenes, which are on the CPU.)
TEST(Renderer, ProductsReadNothingBackFromTheDevice) {
  const SceneProgram scenes = scenes_of({}, 64);
  EXPECT_THAT(test::reading_operators_of([&] { draw_with_products(*shared_atlas(), scenes, 128); }),
              testing::ElementsAre("aten::nonzero"));
}

TEST(Renderer, APictureDependsOnItsSceneAlone) {
  const auto source = open_scenes(atlas_path(), {.resolution = 64});
  const std::vector<std::int64_t> indices = first_indices(33);
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  const at::Tensor together = source->get(indices, at::kCPU).images;
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(source->get(indices, at::kCPU).images, together));
  for (const std::int64_t k : {0, 7, 32}) {
    EXPECT_TRUE(at::equal(source->get({k}, at::kCPU).images[0], together[k])) << k;
  }
  at::set_num_threads(before);
  EXPECT_EQ(together.sizes(), at::IntArrayRef({33, 3, 64, 64}));
  EXPECT_TRUE(at::equal(levels(together) / 127.5 - 1, together));
}

TEST(Renderer, SmallPicturesAreMeansOfLargeOnes) {
  const SceneProgram scenes = scenes_of({}, 22);
  const at::Tensor large = levels(draw_on_cpu(*shared_atlas(), scenes, 128));
  const at::Tensor small = levels(draw_on_cpu(*shared_atlas(), scenes, 64));
  const at::Tensor mean = large.view({-1, 3, 64, 2, 64, 2}).mean(at::IntArrayRef{3, 5});
  EXPECT_LE((mean - small).abs().max().item<float>(), 1);
}

TEST(Places, EachIsItsOwnPictureAndDependsOnItsNumbersAlone) {
  const at::Tensor places = at::arange(10, at::kLong).repeat({2});
  const at::Tensor values = at::rand({20, kPlaceValueCount});
  const at::Tensor all = draw_places(places, values);
  EXPECT_GE(all.min().item<float>(), 0);
  EXPECT_LE(all.max().item<float>(), 1);
  for (std::int64_t row = 0; row < 20; ++row) {
    const at::Tensor alone =
        draw_places(places.slice(0, row, row + 1), values.slice(0, row, row + 1));
    EXPECT_TRUE(at::equal(alone[0], all[row])) << row;
    for (std::int64_t other = 0; other < 10; ++other) {
      if (other == row % 10) continue;
      EXPECT_GT((all[row] - all[other]).abs().mean().item<float>(), 0.02) << row << " " << other;
    }
  }
}

}  // namespace
}  // namespace tessera::data
