#include "eval/preprocess/pillow_resize.h"

#include <algorithm>

#include <ATen/ops/empty.h>

#include "eval/preprocess/check_picture.h"
#include "eval/preprocess/resample_weights.h"

namespace tessera::eval {
namespace {

constexpr int kFractionBits = 22;  // 32 less the 8 of a pixel and 2 for sums beyond the range

/// Weights with kFractionBits fractional bits, rounded away from zero at halves.
std::vector<std::int32_t> fixed_point(const ResampleWeights& weights) {
  std::vector<std::int32_t> out(weights.weight.size());
  std::transform(weights.weight.begin(), weights.weight.end(), out.begin(), [](double w) {
    return static_cast<std::int32_t>(w * (1 << kFractionBits) + (w < 0 ? -0.5 : 0.5));
  });
  return out;
}

std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

/// How one pass walks over memory: `lines` lines of new pixels; a pixel is `values` numbers side by
/// side, the next old pixel of the same line is `step` numbers on.
struct Pass {
  std::int64_t lines = 0;
  std::int64_t values = 0;
  std::int64_t step = 0;
  std::int64_t from_line = 0;  // numbers from a line to the next, of the old picture
  std::int64_t to_line = 0;    // and of the new one
};

/// Along rows a line is a row and a pixel its channels; along columns the only line is the picture
/// and a pixel is a whole row.
Pass along_rows(const at::Tensor& picture, std::int64_t width) {
  const std::int64_t channels = picture.size(2);
  return {.lines = picture.size(0),
          .values = channels,
          .step = channels,
          .from_line = picture.size(1) * channels,
          .to_line = width * channels};
}

Pass along_columns(const at::Tensor& picture) {
  const std::int64_t row = picture.size(1) * picture.size(2);
  return {.lines = 1, .values = row, .step = row};
}

void resample(const std::uint8_t* from,
              std::uint8_t* to,
              const Pass& pass,
              const ResampleWeights& weights) {
  const std::vector<std::int32_t> fixed = fixed_point(weights);
  const std::size_t count = weights.first.size();
  std::vector<std::int32_t> sums(static_cast<std::size_t>(pass.values));
  for (std::int64_t line = 0; line < pass.lines; ++line) {
    std::uint8_t* target = to + line * pass.to_line;
    for (std::size_t i = 0; i < count; ++i, target += pass.values) {
      std::fill(sums.begin(), sums.end(), 1 << (kFractionBits - 1));
      const std::int32_t* weight = fixed.data() + static_cast<std::int64_t>(i) * weights.stride;
      const std::uint8_t* source = from + line * pass.from_line + weights.first[i] * pass.step;
      for (std::int64_t k = 0; k < weights.count[i]; ++k, source += pass.step) {
        const std::int32_t w = weight[k];
        for (std::int64_t v = 0; v < pass.values; ++v) {
          sums[static_cast<std::size_t>(v)] += w * source[v];
        }
      }
      std::transform(sums.begin(), sums.end(), target, to_byte);
    }
  }
}

void resample(const float* from, float* to, const Pass& pass, const ResampleWeights& weights) {
  const std::size_t count = weights.first.size();
  std::vector<double> sums(static_cast<std::size_t>(pass.values));
  for (std::int64_t line = 0; line < pass.lines; ++line) {
    float* target = to + line * pass.to_line;
    for (std::size_t i = 0; i < count; ++i, target += pass.values) {
      std::fill(sums.begin(), sums.end(), 0.0);
      const double* weight = weights.weight.data() + static_cast<std::int64_t>(i) * weights.stride;
      const float* source = from + line * pass.from_line + weights.first[i] * pass.step;
      for (std::int64_t k = 0; k < weights.count[i]; ++k, source += pass.step) {
        const double w = weight[k];
        for (std::int64_t v = 0; v < pass.values; ++v) {
          sums[static_cast<std::size_t>(v)] += w * static_cast<double>(source[v]);
        }
      }
      std::transform(
          sums.begin(), sums.end(), target, [](double sum) { return static_cast<float>(sum); });
    }
  }
}

/// A pass along an axis whose length stays is left out, as the original does.
template <typename T>
at::Tensor resize(at::Tensor picture, PictureSize size, PillowFilter filter) {
  const std::int64_t channels = picture.size(2);
  if (size.width != picture.size(1)) {
    at::Tensor wide = at::empty({picture.size(0), size.width, channels}, picture.options());
    resample(picture.const_data_ptr<T>(),
             wide.mutable_data_ptr<T>(),
             along_rows(picture, size.width),
             resample_weights(picture.size(1), size.width, filter));
    picture = wide;
  }
  if (size.height != picture.size(0)) {
    at::Tensor high = at::empty({size.height, size.width, channels}, picture.options());
    resample(picture.const_data_ptr<T>(),
             high.mutable_data_ptr<T>(),
             along_columns(picture),
             resample_weights(picture.size(0), size.height, filter));
    picture = high;
  }
  return picture;
}

}  // namespace

at::Tensor pillow_resize(const at::Tensor& picture, PictureSize size, PillowFilter filter) {
  check_resize(picture, at::kByte, size);
  return resize<std::uint8_t>(picture.contiguous(), size, filter);
}

at::Tensor pillow_resize_float(const at::Tensor& picture, PictureSize size, PillowFilter filter) {
  const at::Tensor real = picture.scalar_type() == at::kByte ? picture.to(at::kFloat) : picture;
  check_resize(real, at::kFloat, size);
  return resize<float>(real.contiguous(), size, filter);
}

}  // namespace tessera::eval
