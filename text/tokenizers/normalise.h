#pragma once

#include <string>
#include <string_view>

namespace tessera::text {

/// A prompt as clean Unicode: invalid UTF-8 becomes U+FFFD, then NFKC (compatibility forms such as
/// full-width letters and ligatures become plain), control characters go, line ends become spaces.
std::string normalise(std::string_view prompt);

}  // namespace tessera::text
