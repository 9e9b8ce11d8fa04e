#pragma once

#include <string>
#include <string_view>

namespace tessera::text {

/// Text that was UTF-8 and was read as a one-byte encoding, perhaps several times over, is read
/// again as UTF-8: "cafÃ©" -> "café". Text that does not look so stays as it is. The steps are
/// those of ftfy 6.3's fix_encoding: ten encodings in the order of kCodePages; spaces that were
/// U+00A0 and bytes that were lost are put right; failing these, the runs that look like UTF-8 by
/// themselves; and last the control characters of Latin-1, which are taken for windows-1252.
std::u32string fix_encoding(std::u32string_view text);

}  // namespace tessera::text
