#pragma once

#include <string>
#include <string_view>

namespace tessera::text {

/// What ftfy 6.3's fix_text makes of a text with its own settings, a line at a time, until nothing
/// changes: HTML references become characters (until a line holds a "<"), wrongly decoded text is
/// decoded again (mojibake.h), Latin ligatures and full- and half-width forms become plain, curly
/// quotes straight, line ends "\n"; terminal escapes and control characters go; NFC.
std::u32string repair_text(std::u32string_view text);

}  // namespace tessera::text
