#pragma once

#include <array>
#include <cstdint>

namespace tessera::io {

/// What a byte does to the rest of a cyclic redundancy check of 32 bits, whose polynomial is
/// written with its lowest power first.
constexpr std::array<std::uint32_t, 256> crc_table(std::uint32_t polynomial) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1u) != 0 ? polynomial : 0u);
    table[byte] = rest;
  }
  return table;
}

}  // namespace tessera::io
