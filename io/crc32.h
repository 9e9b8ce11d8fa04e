#pragma once

#include <cstdint>
#include <string_view>

namespace tessera::io {

/// CRC-32 (IEEE 802.3, polynomial 0x04C11DB7 reflected), as zip archives record it.
std::uint32_t crc32(std::string_view bytes);

}  // namespace tessera::io
