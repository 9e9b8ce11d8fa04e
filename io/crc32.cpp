#include "io/crc32.h"

#include "io/crc_table.h"

namespace tessera::io {
namespace {

constexpr auto kTable = crc_table(0xEDB88320u);  // 0x04C11DB7

}  // namespace

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t rest = ~0u;
  for (const char byte : bytes) {
    rest = (rest >> 8) ^ kTable[(rest ^ static_cast<unsigned char>(byte)) & 0xFFu];
  }
  return ~rest;
}

}  // namespace tessera::io
