#include "io/image/parameters.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace tessera::io {
namespace {

using Json = nlohmann::json;
constexpr std::string_view kNegative = "Negative prompt:";

std::string in_quotes(const std::string& value) {
  if (value.find_first_of(",:\n") == std::string::npos) return value;
  return Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::string(value);
  const Json parsed = Json::parse(value, nullptr, /*allow_exceptions=*/false);
  return parsed.is_string() ? parsed.get<std::string>() : std::string(value);
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
/// Letters of any script: bytes of UTF-8 characters count as such.
bool is_word(char c) {
  return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
}
bool is_key(char c) {
  return is_word(c) || is_space(c) || c == '-' || c == '/';
}

std::string_view stripped(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// The place behind a quoted value that begins at `begin` and ends before a comma or the end.
std::optional<std::size_t> end_of_quoted(std::string_view line, std::size_t begin) {
  if (begin >= line.size() || line[begin] != '"') return std::nullopt;
  std::size_t i = begin + 1;
  while (i < line.size() && line[i] != '"') i += line[i] == '\\' ? 2 : 1;
  if (i >= line.size() || i == begin + 1) return std::nullopt;
  ++i;
  if (i < line.size() && line[i] != ',') return std::nullopt;
  return i;
}

/// Every `key: value` of a line, as the pattern
///     \s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)
/// finds them from left to right, in one pass.
std::vector<std::pair<std::string, std::string>> fields_of(std::string_view line) {
  std::vector<std::pair<std::string, std::string>> fields;
  std::size_t i = 0;
  while (i < line.size()) {
    while (i < line.size() && !is_word(line[i])) ++i;
    const std::size_t begin = i;
    while (i < line.size() && is_key(line[i])) ++i;
    if (i == line.size()) break;
    if (line[i] != ':' || i - begin < 2) {
      ++i;
      continue;
    }
    const std::string_view key = line.substr(begin, i - begin);
    ++i;
    while (i < line.size() && is_space(line[i])) ++i;
    const std::size_t end =
        end_of_quoted(line, i).value_or(std::min(line.find(',', i), line.size()));
    fields.emplace_back(key, unquoted(line.substr(i, end - i)));
    i = end + 1;
  }
  return fields;
}

/// "64x48" at the start of a value -> 64 and 48.
std::optional<std::pair<std::string, std::string>> two_sides(const std::string& value) {
  const auto cross = static_cast<std::size_t>(
      std::find_if_not(value.begin(), value.end(), is_digit) - value.begin());
  if (cross == 0 || cross >= value.size() || value[cross] != 'x') return std::nullopt;
  const auto rest = std::string_view(value).substr(cross + 1);
  if (rest.empty() || !std::all_of(rest.begin(), rest.end(), is_digit)) return std::nullopt;
  return std::pair(value.substr(0, cross), std::string(rest));
}

}  // namespace

std::string to_text(const Parameters& parameters) {
  std::string out = parameters.prompt;
  if (!parameters.negative.empty()) {
    out += "\n" + std::string(kNegative) + " " + parameters.negative;
  }
  std::string line;
  for (const auto& [key, value] : parameters.fields) {
    if (value.empty()) continue;
    line += (line.empty() ? "" : ", ") + (key == value ? key : key + ": " + in_quotes(value));
  }
  return line.empty() ? out : out + "\n" + line;
}

Parameters parse_parameters(const std::string& text) {
  Parameters out;
  std::string_view rest = stripped(text);
  const std::size_t cut = rest.rfind('\n');
  const std::string_view last = cut == std::string_view::npos ? rest : rest.substr(cut + 1);
  const auto fields = fields_of(last);
  if (fields.size() >= 3) {
    rest = cut == std::string_view::npos ? std::string_view() : rest.substr(0, cut);
    for (const auto& [key, value] : fields) {
      if (const auto sides = two_sides(value)) {
        out.fields.emplace_back(key + "-1", sides->first);
        out.fields.emplace_back(key + "-2", sides->second);
      } else {
        out.fields.emplace_back(key, value);
      }
    }
  }
  std::string* part = &out.prompt;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = stripped(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.substr(0, kNegative.size()) == kNegative) {
      part = &out.negative;
      line = stripped(line.substr(kNegative.size()));
    }
    *part += (part->empty() ? "" : "\n") + std::string(line);
  }
  return out;
}

}  // namespace tessera::io
