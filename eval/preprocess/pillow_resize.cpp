#include "eval/preprocess/pillow_resize.h"

#include <algorithm>
#include <array>

#include <ATen/ops/empty.h>

#include "eval/preprocess/check_picture.h"
#include "eval/preprocess/real_picture.h"
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

/// Numbers as they are summed and rounded: bytes by integers with fractional bits, as Pillow does,
/// float32 in float64.
struct Bytes {
  using Value = std::uint8_t;
  using Sum = std::int32_t;
  static constexpr Sum kStart = 1 << (kFractionBits - 1);
  static std::vector<Sum> weights(const ResampleWeights& w) { return fixed_point(w); }
  static Value rounded(Sum sum) { return to_byte(sum); }
};

struct Reals {
  using Value = float;
  using Sum = double;
  static constexpr Sum kStart = 0;
  static const std::vector<Sum>& weights(const ResampleWeights& w) { return w.weight; }
  static Value rounded(Sum sum) { return static_cast<float>(sum); }
};

/// `values` numbers side by side, each the weighted sum of `count` old ones. Inlined for a known
/// number of channels, whose sums then stay in registers.
template <typename Kind>
[[gnu::always_inline]] inline void sum_up(const typename Kind::Value* source,
                                          std::int64_t step,
                                          const typename Kind::Sum* weight,
                                          std::int64_t count,
                                          std::int64_t values,
                                          typename Kind::Sum* sums,
                                          typename Kind::Value* target) {
  std::fill(sums, sums + values, Kind::kStart);
  for (std::int64_t k = 0; k < count; ++k, source += step) {
    const auto w = weight[k];
    for (std::int64_t v = 0; v < values; ++v) {
      sums[v] += w * static_cast<typename Kind::Sum>(source[v]);
    }
  }
  std::transform(sums, sums + values, target, Kind::rounded);
}

template <typename Kind>
void resample(const typename Kind::Value* from,
              typename Kind::Value* to,
              const Pass& pass,
              const ResampleWeights& weights) {
  using Sum = typename Kind::Sum;
  constexpr std::int64_t kColours = 3;
  const std::vector<Sum>& all = Kind::weights(weights);
  const std::size_t count = weights.first.size();
  std::vector<Sum> sums(static_cast<std::size_t>(pass.values));
  for (std::int64_t line = 0; line < pass.lines; ++line) {
    auto* target = to + line * pass.to_line;
    for (std::size_t i = 0; i < count; ++i, target += pass.values) {
      const Sum* weight = all.data() + static_cast<std::int64_t>(i) * weights.stride;
      const auto* source = from + line * pass.from_line + weights.first[i] * pass.step;
      if (pass.values == kColours) {
        std::array<Sum, kColours> pixel;
        sum_up<Kind>(source, pass.step, weight, weights.count[i], kColours, pixel.data(), target);
      } else {
        sum_up<Kind>(source, pass.step, weight, weights.count[i], pass.values, sums.data(), target);
      }
    }
  }
}

/// A pass along an axis whose length stays is left out, as the original does.
template <typename Kind>
at::Tensor resize(at::Tensor picture, PictureSize size, PillowFilter filter) {
  using Value = typename Kind::Value;
  const std::int64_t channels = picture.size(2);
  if (size.width != picture.size(1)) {
    at::Tensor wide = at::empty({picture.size(0), size.width, channels}, picture.options());
    resample<Kind>(picture.const_data_ptr<Value>(),
                   wide.mutable_data_ptr<Value>(),
                   along_rows(picture, size.width),
                   resample_weights(picture.size(1), size.width, filter));
    picture = wide;
  }
  if (size.height != picture.size(0)) {
    at::Tensor high = at::empty({size.height, size.width, channels}, picture.options());
    resample<Kind>(picture.const_data_ptr<Value>(),
                   high.mutable_data_ptr<Value>(),
                   along_columns(picture),
                   resample_weights(picture.size(0), size.height, filter));
    picture = high;
  }
  return picture;
}

}  // namespace

at::Tensor pillow_resize(const at::Tensor& picture, PictureSize size, PillowFilter filter) {
  check_resize(picture, at::kByte, size);
  return resize<Bytes>(picture.contiguous(), size, filter);
}

at::Tensor pillow_resize_float(const at::Tensor& picture, PictureSize size, PillowFilter filter) {
  const at::Tensor real = real_picture(picture);
  check_resize(real, at::kFloat, size);
  return resize<Reals>(real, size, filter);
}

}  // namespace tessera::eval
