#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tessera::io {

/// Unpacks a bare "deflate" stream (RFC 1951), as zip archives hold it, into exactly `size` bytes.
/// Memory stays in proportion to the packed bytes whatever `size` claims. Throws kCorruptFile
/// naming `what` and the byte of the stream: a bad code, a reference to before the beginning, an
/// end that comes too early, too late or before the last packed byte.
std::string inflate(std::string_view packed, std::uint64_t size, const std::string& what);

}  // namespace tessera::io
