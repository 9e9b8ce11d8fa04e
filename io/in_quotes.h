#pragma once

#include <string>
#include <string_view>

namespace tessera::io {

/// Text of a file for an error message: in double quotes, on one line, well-formed UTF-8, control
/// characters as \xNN, cut after 80 bytes.
std::string in_quotes(std::string_view text);

}  // namespace tessera::io
