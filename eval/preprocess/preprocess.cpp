#include "eval/preprocess/preprocess.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/error.h"
#include "eval/preprocess/bilinear_resize.h"
#include "eval/preprocess/pillow_resize.h"
#include "eval/preprocess/real_picture.h"

namespace tessera::eval {
namespace {

constexpr PictureSize kInput{.height = kInceptionSide, .width = kInceptionSide};

/// (x - zero) / unit of every number, a plane a channel. A loop of its own, since this runs on many
/// threads at once and Torch's operators would each ask for a team.
at::Tensor planes(const at::Tensor& picture, float zero, float unit) {
  const std::int64_t pixels = picture.size(0) * picture.size(1);
  const std::int64_t channels = picture.size(2);
  at::Tensor out = at::empty({channels, picture.size(0), picture.size(1)}, picture.options());
  const float* from = picture.const_data_ptr<float>();
  for (std::int64_t c = 0; c < channels; ++c) {
    float* to = out.mutable_data_ptr<float>() + c * pixels;
    for (std::int64_t i = 0; i < pixels; ++i) to[i] = (from[i * channels + c] - zero) / unit;
  }
  return out;
}

void clamp_to_levels(const at::Tensor& picture) {
  float* values = picture.mutable_data_ptr<float>();
  std::transform(values, values + picture.numel(), values, [](float x) {
    return std::clamp(x, 0.0f, 255.0f);
  });
}

}  // namespace

const std::vector<std::string>& preprocess_names() {
  static const std::vector<std::string> names = {
      "legacy-tensorflow", "legacy-pytorch", "clean", "torch-fidelity"};
  return names;
}

Preprocess preprocess_named(const std::string& name) {
  const std::vector<std::string>& names = preprocess_names();
  const auto found = std::find(names.begin(), names.end(), name);
  TESSERA_CHECK(found != names.end(),
                kInvalidArgument,
                "preprocess is \"",
                name,
                "\"; known: legacy-tensorflow, legacy-pytorch, clean, torch-fidelity");
  return static_cast<Preprocess>(found - names.begin());
}

std::string to_string(Preprocess mode) {
  return preprocess_names()[static_cast<std::size_t>(mode)];
}

at::Tensor inception_input(const at::Tensor& picture, Preprocess mode) {
  switch (mode) {
    case Preprocess::kClean: {
      const at::Tensor resized = pillow_resize_float(picture, kInput, PillowFilter::kBicubic);
      clamp_to_levels(resized);
      return planes(resized, 128, 128);
    }
    case Preprocess::kLegacyPytorch:
      return planes(bilinear_resize(real_picture(picture, 255), kInput, BilinearGrid::kHalfPixel),
                    0.5f,
                    0.5f);
    case Preprocess::kLegacyTensorflow:
    case Preprocess::kTorchFidelity:
      break;
  }
  return planes(bilinear_resize(picture, kInput, BilinearGrid::kCorner), 128, 128);
}

}  // namespace tessera::eval
