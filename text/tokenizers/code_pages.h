#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace tessera::text {

/// One row of the generated table: a one-byte encoding whose lower half is ASCII.
struct CodePageRow {
  std::string_view name{};
  bool sloppy = false;  // bytes without a character are controls, and 0x1A is U+FFFD
  std::array<char16_t, 128> upper{};
};
extern const std::array<CodePageRow, 10> kCodePages;  // code_page_table.cpp

/// The character of a byte.
char32_t decoded(const CodePageRow& page, unsigned char byte);

/// `text` in the bytes of the page, or nothing where a character is not of the page.
std::optional<std::string> encoded(const CodePageRow& page, std::u32string_view text);

/// What windows-1252 has at a control character U+0080…U+009F; every other character is itself.
char32_t windows_1252_of_control(char32_t c);

}  // namespace tessera::text
