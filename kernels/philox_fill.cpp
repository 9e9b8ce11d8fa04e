#include "kernels/philox_fill.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tessera::kernels {
namespace {

template <typename Emit>
void for_each_block(const PhiloxFill& a, std::int64_t first, std::int64_t last, Emit emit) {
  for (std::int64_t row = first; row < last; ++row) {
    const std::uint64_t seed = a.seeds ? static_cast<std::uint64_t>(a.seeds[row]) : a.seed;
    const RngKey key{seed, static_cast<std::uint32_t>(a.images[row]), a.purpose, a.step};
    float* out = a.out + row * a.per_image;
    for (std::int64_t i = 0; i < a.per_image; i += 4) {
      const Word4 bits = philox(key, static_cast<std::uint32_t>(i / 4));
      float value[4];
      emit(bits, value);
      std::copy_n(value, std::min<std::int64_t>(4, a.per_image - i), out + i);
    }
  }
}

}  // namespace

void philox_uniform(const PhiloxFill& args, std::int64_t first_row, std::int64_t last_row) {
  for_each_block(args, first_row, last_row, [](const Word4& bits, float* value) {
    for (int k = 0; k < 4; ++k) value[k] = unit(bits.w[k]);
  });
}

void philox_normal(const PhiloxFill& args, std::int64_t first_row, std::int64_t last_row) {
  for_each_block(args, first_row, last_row, [](const Word4& bits, float* value) {
    for (int k = 0; k < 4; k += 2) {
      const double radius = std::sqrt(-2.0 * std::log(static_cast<double>(unit(bits.w[k]))));
      const double angle = 2.0 * std::numbers::pi * static_cast<double>(unit(bits.w[k + 1]));
      value[k] = static_cast<float>(radius * std::cos(angle));
      value[k + 1] = static_cast<float>(radius * std::sin(angle));
    }
  });
}

}  // namespace tessera::kernels
