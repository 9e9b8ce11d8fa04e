#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::io {

/// A text chunk of a PNG file (docs/formats/png.md).
struct PngText {
  std::string keyword{};  // 1 … 79 printable ASCII characters, no space at either end
  std::string text{};     // UTF-8
};

/// The file with `texts` before its pixels, never compressed: tEXt where the text is plain Latin-1
/// that cannot be taken for UTF-8, else iTXt, which every reader of text chunks knows. Chunks of
/// the same keywords are replaced; all other bytes stay as they are. Malformed UTF-8 becomes
/// U+FFFD. Throws kInvalidArgument for a keyword or text that cannot be stored (a NUL),
/// kCorruptFile where `png` is no PNG file.
std::string with_png_texts(std::string_view png, const std::vector<PngText>& texts);

/// All tEXt, zTXt and iTXt chunks in their order. tEXt that is valid UTF-8 is taken as such (some
/// writers break the rule), else as Latin-1. Throws kCorruptFile naming `what` and the byte offset:
/// bad lengths, checksums or streams, or more than 16 MiB of text.
std::vector<PngText> read_png_texts(std::string_view png, const std::string& what);

/// The first text of that keyword.
std::optional<std::string> find_png_text(const std::vector<PngText>& texts,
                                         std::string_view keyword);

}  // namespace tessera::io
