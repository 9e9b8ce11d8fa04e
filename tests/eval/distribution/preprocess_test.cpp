#include "eval/preprocess/preprocess.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "eval/preprocess/bilinear_resize.h"
#include "eval/preprocess/pillow_resize.h"
#include "eval/preprocess/resample_weights.h"
#include "tests/eval/distribution/recorded.h"
#include "tests/support/expect_error.h"

namespace tessera::eval {
namespace {

using test::largest_difference;
using test::recorded;

constexpr int kSizes = 3;

PictureSize size_of(int k) {
  const at::Tensor size = recorded("resizing", "size" + std::to_string(k));
  return {.height = size[0].item<std::int64_t>(), .width = size[1].item<std::int64_t>()};
}

TEST(PillowResize, EqualsTheImagingLibraryBitForBit) {
  const at::Tensor picture = recorded("resizing", "picture");
  for (int k = 0; k < kSizes; ++k) {
    const std::string number = std::to_string(k);
    EXPECT_TRUE(at::equal(pillow_resize(picture, size_of(k), PillowFilter::kBicubic),
                          recorded("resizing", "pillow.bicubic" + number)))
        << k;
    EXPECT_TRUE(at::equal(pillow_resize(picture, size_of(k), PillowFilter::kBilinear),
                          recorded("resizing", "pillow.bilinear" + number)))
        << k;
  }
}

TEST(PillowResize, FloatPicturesEqualItsModeF) {
  const at::Tensor picture = recorded("resizing", "picture");
  for (int k = 0; k < kSizes; ++k) {
    const std::string number = std::to_string(k);
    EXPECT_TRUE(at::equal(pillow_resize_float(picture, size_of(k), PillowFilter::kBicubic),
                          recorded("resizing", "pillow_float.bicubic" + number)))
        << k;
    EXPECT_TRUE(at::equal(pillow_resize_float(picture, size_of(k), PillowFilter::kBilinear),
                          recorded("resizing", "pillow_float.bilinear" + number)))
        << k;
  }
}

TEST(PillowResize, KeepsAPictureOfTheSameSizeAndAFlatOne) {
  const at::Tensor picture = recorded("resizing", "picture");
  const PictureSize same{.height = picture.size(0), .width = picture.size(1)};
  EXPECT_TRUE(at::equal(pillow_resize(picture, same, PillowFilter::kBicubic), picture));
  const at::Tensor flat = at::full({9, 5, 3}, 201, at::kByte);
  EXPECT_TRUE(at::equal(pillow_resize(flat, {.height = 4, .width = 31}, PillowFilter::kBicubic),
                        at::full({4, 31, 3}, 201, at::kByte)));
}

TEST(ResampleWeights, SumToOneAndStayInside) {
  for (const std::int64_t from : {1, 2, 7, 300}) {
    for (const std::int64_t to : {1, 3, 299}) {
      const ResampleWeights w = resample_weights(from, to, PillowFilter::kBicubic);
      for (std::size_t i = 0; i < static_cast<std::size_t>(to); ++i) {
        double sum = 0;
        for (std::int64_t k = 0; k < w.count[i]; ++k) {
          sum += w.weight[i * static_cast<std::size_t>(w.stride) + static_cast<std::size_t>(k)];
        }
        EXPECT_NEAR(sum, 1.0, 1e-12) << from << " " << to;
        EXPECT_GE(w.first[i], 0);
        EXPECT_LE(w.first[i] + w.count[i], from);
        EXPECT_LE(w.count[i], w.stride);
      }
    }
  }
}

TEST(PillowResize, RefusesWhatIsNoPicture) {
  const at::Tensor picture = at::zeros({4, 4, 3}, at::kByte);
  const PictureSize some{.height = 2, .width = 2};
  const auto resize = [](const at::Tensor& p, PictureSize size) {
    return pillow_resize(p, size, PillowFilter::kBicubic);
  };
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "[4, 4]", [&] {
    resize(at::zeros({4, 4}, at::kByte), some);
  });
  tessera::test::expect_error(
      ErrorCode::kShapeMismatch, "Float", [&] { resize(picture.to(at::kFloat), some); });
  tessera::test::expect_error(ErrorCode::kShapeMismatch, "[0, 4, 3]", [&] {
    resize(at::zeros({0, 4, 3}, at::kByte), some);
  });
  for (const std::int64_t side : {std::int64_t{0}, std::int64_t{16'385}}) {
    tessera::test::expect_error(ErrorCode::kInvalidArgument, "1..16384", [&] {
      resize(picture, {.height = side, .width = 2});
    });
  }
}

TEST(BilinearResize, EqualsTorchAndTensorflow) {
  const at::Tensor picture = recorded("resizing", "picture");
  for (int k = 0; k < kSizes; ++k) {
    const std::string number = std::to_string(k);
    // Of levels up to 255: float32 rounds at 1.5e-5; the weights of torch's own order differ there.
    EXPECT_LT(largest_difference(bilinear_resize(picture, size_of(k), BilinearGrid::kHalfPixel),
                                 recorded("resizing", "torch" + number)),
              1e-3)
        << k;
    EXPECT_LT(largest_difference(bilinear_resize(picture, size_of(k), BilinearGrid::kCorner),
                                 recorded("resizing", "tensorflow" + number)),
              1e-3)
        << k;
  }
}

TEST(Preprocess, InputsAreThoseOfTheToolsThatTheyAreNamedFor) {
  for (const char* mode : {"clean", "legacy-pytorch", "torch-fidelity"}) {
    for (int k = 0; k < 3; ++k) {
      const std::string number = std::to_string(k);
      const at::Tensor input =
          inception_input(recorded("inception", "picture" + number), preprocess_named(mode));
      EXPECT_EQ(input.sizes(), at::IntArrayRef({3, 299, 299}));
      const at::Tensor some = input.slice(1, 0, 299, 23).slice(2, 0, 299, 23);
      EXPECT_LT(
          largest_difference(some, recorded("inception", std::string(mode) + ".input" + number)),
          1e-5)
          << mode << k;
    }
  }
}

TEST(Preprocess, NamesGoBothWays) {
  for (const std::string& name : preprocess_names()) {
    EXPECT_EQ(to_string(preprocess_named(name)), name);
  }
  tessera::test::expect_error(
      ErrorCode::kInvalidArgument, "known: legacy-tensorflow", [] { preprocess_named("best"); });
}

}  // namespace
}  // namespace tessera::eval
