#include "eval/clip/clip_model.h"

#include <gtest/gtest.h>
#include <torch/nn.h>

#include "nn/rng.h"
#include "tests/eval/clip/tiny_clip.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

using test::ids_of;
using test::tiny_clip;
using test::tiny_options;

at::Tensor some_pixels(std::int64_t count) {
  return nn::Rng::of_run(3, 0, count).normal(Purpose::kExperiment, 0, {3, 16, 16});
}

TEST(ClipModel, ABatchIsItsRows) {
  const at::NoGradGuard no_grad;
  ClipModel model = tiny_clip();
  const at::Tensor pixels = some_pixels(5);
  const at::Tensor ids = ids_of({{2, 9, 3}, {2, 3}, {2, 4, 5, 6, 7, 8, 9, 10, 11, 3}}, 10);
  const at::Tensor seen = model->image_features(pixels);
  const at::Tensor read = model->text_features(ids);
  EXPECT_EQ(seen.sizes(), at::IntArrayRef({5, 8}));
  for (std::int64_t k = 0; k < 5; ++k) {
    // Not bit for bit: on some processors a product of 85 rows rounds otherwise than one of 32.
    EXPECT_TRUE(seen[k].allclose(model->image_features(pixels.slice(0, k, k + 1))[0], 1e-5, 1e-6))
        << k;
  }
  for (std::int64_t k = 0; k < 3; ++k) {
    EXPECT_TRUE(read[k].allclose(model->text_features(ids.slice(0, k, k + 1))[0], 1e-5, 1e-6)) << k;
  }
}

TEST(ClipModel, NothingBehindTheEndOfATextCounts) {
  const at::NoGradGuard no_grad;
  ClipModel model = tiny_clip();
  const at::Tensor text = model->text_features(ids_of({{2, 9, 4, 3}}, 10));
  EXPECT_TRUE(text.allclose(model->text_features(ids_of({{2, 9, 4, 3}}, 4)), 1e-5, 1e-6));
  EXPECT_TRUE(
      text.allclose(model->text_features(ids_of({{2, 9, 4, 3, 17, 3, 5}}, 10)), 1e-5, 1e-6));
  // What is before it does.
  EXPECT_FALSE(text.allclose(model->text_features(ids_of({{2, 9, 5, 3}}, 10)), 1e-3, 1e-3));
  EXPECT_FALSE(text.allclose(model->text_features(ids_of({{2, 4, 9, 3}}, 10)), 1e-3, 1e-3));
}

TEST(ClipModel, WithoutAnEndTokenTheLargestIdIsTheEnd) {
  const at::NoGradGuard no_grad;
  ClipModel named = tiny_clip();
  ClipOptions options = tiny_options();
  options.text.end_token = -1;
  ClipModel largest(options);
  for (const auto& item : named->named_parameters()) {
    largest->named_parameters()[item.key()].copy_(item.value());
  }
  // 3 stands at place 2, the largest id at place 3.
  const at::Tensor ids = ids_of({{2, 9, 3, 29, 4}}, 5);
  EXPECT_TRUE(named->text_features(ids).equal(named->text_features(ids)));
  EXPECT_FALSE(named->text_features(ids).allclose(largest->text_features(ids), 1e-3, 1e-3));
  const at::Tensor states = largest->text()->states(ids);
  const at::Tensor head = largest->named_parameters()["text.head"];
  EXPECT_TRUE(largest->text_features(ids)[0].allclose(at::matmul(head, states[0][3]), 1e-4, 1e-5));
}

TEST(ClipModel, EveryPatchAndItsPlaceMatter) {
  const at::NoGradGuard no_grad;
  ClipModel model = tiny_clip();
  const at::Tensor pixels = some_pixels(1);
  const at::Tensor seen = model->image_features(pixels);
  for (const std::int64_t corner : {0, 4, 8, 12}) {
    at::Tensor changed = pixels.clone();
    changed.slice(2, corner, corner + 4).slice(3, 12 - corner, 16 - corner) += 1.0;
    EXPECT_FALSE(seen.allclose(model->image_features(changed), 1e-4, 1e-4)) << corner;
  }
  EXPECT_FALSE(seen.allclose(model->image_features(pixels.flip(3)), 1e-4, 1e-4));
}

TEST(ClipModel, TheScaleIsAtMostAHundred) {
  const at::NoGradGuard no_grad;
  ClipModel model(tiny_options());
  initialise_clip(*model, 1);
  EXPECT_NEAR(model->scale().item<double>(), 1 / 0.07, 1e-4);
  model->named_parameters()["logit_scale"].fill_(9.0);
  EXPECT_EQ(model->scale().item<double>(), 100.0);
}

TEST(ClipModel, PixelsAreNormalised) {
  const ClipOptions options = tiny_options();
  const at::Tensor pixels = clip_pixels(at::full({1, 3, 16, 16}, 0.5), options);
  const std::vector<double> wanted = {(0.75 - 0.48145466) / 0.26862954,
                                      (0.75 - 0.4578275) / 0.26130258,
                                      (0.75 - 0.40821073) / 0.27577711};
  for (std::int64_t c = 0; c < 3; ++c) {
    EXPECT_NEAR(pixels[0][c][7][3].item<double>(), wanted[static_cast<std::size_t>(c)], 1e-6);
  }
}

TEST(ClipModel, BadSizesAreRefused) {
  const auto refused = [](const char* part, const auto& change) {
    ClipOptions options = tiny_options();
    change(options);
    tessera::test::expect_error(
        ErrorCode::kInvalidArgument, part, [&] { const ClipModel model(options); });
  };
  refused("vision.resolution must be a multiple", [](ClipOptions& o) { o.vision.patch = 5; });
  refused("vision.width must be a multiple", [](ClipOptions& o) { o.vision.tower.heads = 3; });
  refused("text.vocabulary must lie in", [](ClipOptions& o) { o.text.vocabulary = 1LL << 40; });
  refused("text.layers must lie in", [](ClipOptions& o) { o.text.tower.layers = 1000000; });
  refused("activation must be", [](ClipOptions& o) { o.activation = "relu"; });
  refused("text.end_token", [](ClipOptions& o) { o.text.end_token = 30; });
  refused("deviation above 0", [](ClipOptions& o) { o.deviation[1] = 0; });
  ClipModel model = tiny_clip();
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "[B, 3, 16, 16]", [&] {
    model->image_features(at::zeros({1, 3, 20, 16}));
  });
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "L in 1..10", [&] {
    model->text_features(at::zeros({1, 11}, at::kLong));
  });
}

}  // namespace
}  // namespace tessera::eval
