#pragma once

#include <string>
#include <string_view>

namespace tessera::eval {

/// Text for HTML and SVG: & < > " ' escaped, control characters shown as U+FFFD, malformed UTF-8
/// replaced.
std::string escaped(std::string_view text);

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace tessera::eval
