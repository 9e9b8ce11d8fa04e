#pragma once

#include <cstdint>

namespace tessera::kernels {

/// A number of 16 bits: the upper half of a float32.
enum class Bfloat16 : std::uint16_t {};

/// Numbers that the row kernels take at a time; widths are multiples of it where a kernel says so.
inline constexpr std::int64_t kLanes = 16;

}  // namespace tessera::kernels
