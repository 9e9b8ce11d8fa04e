#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "core/philox.h"
#include "kernels/bfloat16.h"
#include "kernels/int8_units.h"
#include "kernels/targets.h"

namespace tessera::kernels::test {

/// The targets that this processor can run.
inline std::vector<Target> targets() {
  std::vector<Target> all{Target::kAny};
  if (best_target() != Target::kAny) all.push_back(Target::kAvx2);
  if (best_target() == Target::kAvx512) all.push_back(Target::kAvx512);
  return all;
}

/// The instructions for products of bytes that it has.
inline std::vector<Int8Unit> int8_units() {
  std::vector<Int8Unit> all;
  for (const Int8Unit unit :
       {Int8Unit::kPlain, Int8Unit::kAvxVnni, Int8Unit::kAvx512Vnni, Int8Unit::kAmx}) {
    if (has_int8_unit(unit)) all.push_back(unit);
  }
  return all;
}

inline float number(float x) {
  return x;
}
inline float number(Bfloat16 x) {
  const std::uint32_t bits = static_cast<std::uint32_t>(x) << 16;
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// Numbers in (-range, range), those of bfloat16 cut to what it holds.
template <typename Number>
std::vector<Number> numbers(std::int64_t count, std::uint32_t stream, float range) {
  std::vector<Number> result;
  for (std::int64_t i = 0; i < count; ++i) {
    const RngKey key{.seed = 11, .image = stream, .purpose = Purpose::kSeed};
    const Word4 words = philox(key, static_cast<std::uint32_t>(i / 4));
    const float value = (unit(words.w[i % 4]) * 2 - 1) * range;
    if constexpr (sizeof(Number) == 4) {
      result.push_back(value);
    } else {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &value, sizeof value);
      result.push_back(static_cast<Bfloat16>(bits >> 16));
    }
  }
  return result;
}

/// Largest difference of float64 expectations and what was found, relative above 1.
template <typename Number>
double worst(const std::vector<double>& expected, const std::vector<Number>& found) {
  double most = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double difference = std::abs(expected[i] - static_cast<double>(number(found[i])));
    const double error = difference / std::max(1.0, std::abs(expected[i]));
    most = std::isnan(error) ? HUGE_VAL : std::max(most, error);
  }
  return most;
}

}  // namespace tessera::kernels::test
