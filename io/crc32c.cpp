#include "io/crc32c.h"

#include "io/crc_table.h"

namespace tessera::io {
namespace {

constexpr auto kCastagnoliTable = crc_table(0x82F63B78u);  // 0x1EDC6F41

}  // namespace

std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t before) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  std::uint32_t rest = ~before;
  for (std::size_t i = 0; i < size; ++i)
    rest = (rest >> 8) ^ kCastagnoliTable[(rest ^ bytes[i]) & 0xFFu];
  return ~rest;
}

}  // namespace tessera::io
