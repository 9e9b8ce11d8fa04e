#include "io/in_quotes.h"

#include "io/utf8.h"

namespace tessera::io {

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 80;
  constexpr const char* kDigits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : repaired_utf8(text.substr(0, kLongest))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += "\\x";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  return out + (text.size() > kLongest ? "…\"" : "\"");
}

}  // namespace tessera::io
