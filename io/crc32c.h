#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera::io {

/// CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as iSCSI and TFRecord files use it.
/// `before` continues a checksum: crc32c(b, nb, crc32c(a, na)) is that of a followed by b.
std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t before = 0);

}  // namespace tessera::io
