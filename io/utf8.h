#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::io {

/// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);

/// Each byte that belongs to no well-formed character becomes U+FFFD.
std::string repaired_utf8(std::string_view text);

std::string utf8_from_latin1(std::string_view text);

/// Nothing where a character lies above U+00FF. REQUIRES well-formed UTF-8.
std::optional<std::string> latin1_from_utf8(std::string_view text);

/// Bytes of the character that begins `text`, or 0 where none does (malformed, or empty).
std::size_t utf8_length(std::string_view text);

}  // namespace tessera::io
