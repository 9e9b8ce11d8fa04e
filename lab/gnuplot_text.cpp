#include "lab/gnuplot_text.h"

#include <cmath>
#include <cstdio>

namespace tessera::lab {
namespace {

/// Bytes of the UTF-8 character that begins with `lead`; 1 for what begins none.
std::size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  if (byte >= 0xC0) return 2;
  return 1;
}

/// Appends one character so that it stands for itself in enhanced text between single quotes.
void put(std::string& out, char c) {
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  if (c == '\'') {
    out += "’";  // the quotes around the text stay the only ones
    return;
  }
  if (std::string_view("_^{}@&~\\").find(c) != std::string_view::npos) out += '\\';
  out += c;
}

/// The text behind "_" or "^": "{…}" without the braces, or one character; "" = none there.
std::string_view script_of(std::string_view rest) {
  if (rest.empty() || rest.front() == ' ') return {};
  if (rest.front() != '{') return rest.substr(0, length_of(rest.front()));
  const std::size_t end = rest.find('}');
  return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end + 1);
}

}  // namespace

std::string gnuplot_text(std::string_view text) {
  std::string out = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool mark = c == '_' || c == '^';
    const std::string_view script = mark ? script_of(text.substr(i + 1)) : std::string_view{};
    if (script.empty()) {
      put(out, c);
      continue;
    }
    out += c;
    out += '{';
    const bool braced = script.front() == '{';
    for (const char s : braced ? script.substr(1, script.size() - 2) : script) put(out, s);
    out += '}';
    i += script.size();
  }
  return out + "'";
}

std::string gnuplot_number(double value) {
  if (!std::isfinite(value)) return "NaN";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

}  // namespace tessera::lab
