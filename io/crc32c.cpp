#include "io/crc32c.h"

#include <array>

namespace tessera::io {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78u;  // bit-reversed 0x1EDC6F41

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1u) != 0 ? kPolynomial : 0u);
    table[byte] = rest;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kTable = make_table();

}  // namespace

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t before) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t rest = ~before;
  for (std::size_t i = 0; i < size; ++i) rest = (rest >> 8) ^ kTable[(rest ^ bytes[i]) & 0xFFu];
  return ~rest;
}

}  // namespace tessera::io
