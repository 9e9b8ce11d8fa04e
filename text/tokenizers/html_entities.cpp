#include "text/tokenizers/html_entities.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

#include "text/tokenizers/code_pages.h"
#include "text/tokenizers/unicode.h"

namespace tessera::text {
namespace {

struct Entity {
  std::u32string value{};
  bool bare = false;  // known without the semicolon
};
using Entities = std::unordered_map<std::u32string, Entity>;

Entities parse_entities() {
  Entities entities;
  for (std::string_view rest = kHtmlEntities; !rest.empty();) {
    const std::string_view entry = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(entry.size() + 1, rest.size()));
    const std::size_t mark = entry.find_first_of(":=");
    Entity entity{.bare = entry[mark] == '='};
    const char* const end = entry.data() + entry.size();
    for (const char* next = entry.data() + mark; next < end;) {
      unsigned value = 0;
      next = std::from_chars(next + 1, end, value, 16).ptr;
      entity.value += char32_t{value};
    }
    entities.emplace(code_points(entry.substr(0, mark)), std::move(entity));
  }
  return entities;
}

const Entity* find_entity(std::u32string_view name) {
  static const Entities entities = parse_entities();
  const auto found = entities.find(std::u32string(name));
  return found == entities.end() ? nullptr : &found->second;
}

constexpr bool is_digit(char32_t c) {
  return c >= U'0' && c <= U'9';
}
constexpr bool is_capital(char32_t c) {
  return c >= U'A' && c <= U'Z';
}
constexpr bool is_small(char32_t c) {
  return c >= U'a' && c <= U'z';
}
constexpr bool is_hex(char32_t c) {
  return is_digit(c) || (c >= U'a' && c <= U'f') || (c >= U'A' && c <= U'F');
}

/// The character that a number stands for: the same table of exceptions as browsers have.
std::u32string numbered(char32_t c) {
  if (c == 0 || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return U"\uFFFD";
  if (c >= 0x80 && c <= 0x9F) return {windows_1252_of_control(c)};
  const bool control = c < 0x20 && c != 0x09 && c != 0x0A && c != 0x0C && c != 0x0D;
  const bool no_character = (c & 0xFFFEu) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
  if (control || c == 0x7F || no_character) return {};
  return {c};
}

struct Reference {
  std::size_t length = 0;  // characters read, the "&" included; 0 = there is none
  bool closed = false;     // with its semicolon
  std::u32string value{};
};

/// "&#" digits or "&#x" hexadecimal digits, then perhaps a semicolon, at the begin of `text`.
Reference read_number(std::u32string_view text) {
  constexpr unsigned kTooLarge = 0x110000;
  const bool hex = text.size() > 2 && (text[2] == U'x' || text[2] == U'X');
  const std::size_t first = hex ? 3 : 2;
  std::size_t end = first;
  unsigned value = 0;
  for (; end < text.size() && (hex ? is_hex(text[end]) : is_digit(text[end])); ++end) {
    const char32_t c = text[end];
    const unsigned digit = is_digit(c) ? c - U'0' : (c | 0x20u) - U'a' + 10;
    value = std::min(kTooLarge, value * (hex ? 16 : 10) + digit);
  }
  if (end == first) return {};
  const bool closed = end < text.size() && text[end] == U';';
  return {.length = end + (closed ? 1 : 0), .closed = closed, .value = numbered(char32_t{value})};
}

/// The whole name where it ends in a semicolon, else the longest known begin of it.
Reference read_name(std::u32string_view text) {
  constexpr std::size_t kLongest = 32;
  constexpr std::u32string_view kEnds = U"\t\n\f <&#;";
  std::size_t end = 1;
  while (end < text.size() && end <= kLongest && kEnds.find(text[end]) == kEnds.npos) ++end;
  const std::u32string_view name = text.substr(1, end - 1);
  if (end < text.size() && text[end] == U';') {
    if (const Entity* entity = find_entity(name)) {
      return {.length = end + 1, .closed = true, .value = entity->value};
    }
  }
  for (std::size_t size = name.size(); size > 1; --size) {
    const Entity* entity = find_entity(name.substr(0, size));
    if (entity != nullptr && entity->bare) return {.length = size + 1, .value = entity->value};
  }
  return {};
}

Reference read_reference(std::u32string_view text) {
  return text.size() > 1 && text[1] == U'#' ? read_number(text) : read_name(text);
}

/// The value of a name in capitals whose small form is the only one that HTML knows.
std::optional<std::u32string> capital_entity(std::u32string_view name) {
  if (std::any_of(name.begin(), name.end(), is_small)) return std::nullopt;
  const Entity* small = find_entity(lower_case(name));
  if (small == nullptr) return std::nullopt;
  const std::u32string written = U"&" + std::u32string(name) + U";";
  if (read_name(written).length > 0) return std::nullopt;
  return upper_case(small->value);
}

/// "&" or "&#", 1 to 24 letters and digits, ";", and the value of that.
Reference read_plain(std::u32string_view text) {
  constexpr std::size_t kLongest = 24;
  const std::size_t first = text.size() > 1 && text[1] == U'#' ? 2 : 1;
  std::size_t end = first;
  while (end < text.size() &&
         (is_digit(text[end]) || is_capital(text[end]) || is_small(text[end]))) {
    ++end;
  }
  const bool closed = end < text.size() && text[end] == U';';
  if (!closed || end == first || end - first > kLongest) return {};
  Reference found{.length = end + 1, .closed = true};
  if (first == 2) {
    const Reference number = read_number(text);
    // a semicolon in the result is one that was not read, or "&#59;": ftfy leaves both
    if (number.length != found.length || number.value == U";") return {};
    found.value = number.value;
    return found;
  }
  const std::u32string_view name = text.substr(1, end - 1);
  if (const Entity* entity = find_entity(name)) {
    found.value = entity->value;
    return found;
  }
  const auto capital = capital_entity(name);
  if (!capital) return {};
  found.value = *capital;
  return found;
}

template <typename Read>
std::u32string replace_references(std::u32string_view text, Read&& read) {
  std::u32string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find(U'&'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Reference reference = read(text);
    out += reference.length > 0 ? reference.value : std::u32string(1, U'&');
    text.remove_prefix(std::max<std::size_t>(reference.length, 1));
  }
  return out;
}

}  // namespace

std::u32string unescape_html(std::u32string_view text) {
  return replace_references(text, read_reference);
}

std::u32string unescape_plain_html(std::u32string_view text) {
  return replace_references(text, read_plain);
}

}  // namespace tessera::text
