#include "text/tokenizers/code_pages.h"

#include <unordered_map>

namespace tessera::text {
namespace {

using Bytes = std::unordered_map<char32_t, unsigned char>;

Bytes bytes_of(const CodePageRow& page) {
  Bytes bytes;
  for (unsigned byte = 0; byte < 256; ++byte) {
    bytes.emplace(decoded(page, static_cast<unsigned char>(byte)), byte);
  }
  return bytes;
}

const Bytes& table_of(const CodePageRow& page) {
  static const std::array<Bytes, kCodePages.size()> tables = [] {
    std::array<Bytes, kCodePages.size()> made;
    for (std::size_t i = 0; i < made.size(); ++i) made.at(i) = bytes_of(kCodePages.at(i));
    return made;
  }();
  return tables.at(static_cast<std::size_t>(&page - kCodePages.data()));
}

}  // namespace

char32_t decoded(const CodePageRow& page, unsigned char byte) {
  constexpr unsigned char kSubstitute = 0x1A;
  if (page.sloppy && byte == kSubstitute) return 0xFFFD;
  return byte < 0x80 ? char32_t{byte} : char32_t{page.upper.at(byte - 0x80u)};
}

std::optional<std::string> encoded(const CodePageRow& page, std::u32string_view text) {
  const Bytes& bytes = table_of(page);
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) {
    const auto found = bytes.find(c);
    if (found == bytes.end()) return std::nullopt;
    out += static_cast<char>(found->second);
  }
  return out;
}

char32_t windows_1252_of_control(char32_t c) {
  constexpr std::size_t kWindows1252 = 1;
  if (c < 0x80 || c > 0x9F) return c;
  return decoded(kCodePages.at(kWindows1252), static_cast<unsigned char>(c));
}

}  // namespace tessera::text
