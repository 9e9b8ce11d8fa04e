#include "io/yaml/scalar.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace tessera::io {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

std::optional<bool> boolean(std::string_view text) {
  if (is_one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) {
    return false;
  }
  return std::nullopt;
}

/// Digits of `base` with "_" between them, without a sign; none where it is something else or too
/// large.
std::optional<std::uint64_t> digits(std::string_view text, int base) {
  std::string bare;
  for (const char c : text) {
    if (c != '_') bare += c;
  }
  std::uint64_t value = 0;
  const char* end = bare.data() + bare.size();
  const auto read = std::from_chars(bare.data(), end, value, base);
  if (bare.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

struct Base {
  int base;
  std::size_t prefix;  // characters of "0x" and the like
};

Base base_of(std::string_view text) {
  if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) return {16, 2};
  if (text.size() > 2 && text[0] == '0' && text[1] == 'b') return {2, 2};
  if (text.size() > 1 && text[0] == '0') return {8, 1};
  return {10, 0};
}

std::optional<Json> integer(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text.empty() || text.front() == '_') return std::nullopt;
  const Base base = base_of(text);
  const auto value = digits(text.substr(base.prefix), base.base);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!value || *value > kMost) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(*value);
  return Json(negative ? -whole : whole);
}

/// Digits, at most one point, and an exponent; at least one digit before the exponent. Without
/// point and exponent it is a whole number too large for integer(), not an octal with a digit 8.
bool looks_decimal(std::string_view text) {
  std::size_t i = text.front() == '-' || text.front() == '+' ? 1 : 0;
  const char first = i < text.size() ? text[i] : '0';
  int seen = 0;
  int points = 0;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      ++points;
    } else if (text[i] >= '0' && text[i] <= '9') {
      ++seen;
    } else if (text[i] != '_' || seen == 0) {
      return false;
    }
  }
  if (seen == 0 || points > 1) return false;
  if (i == text.size()) return points == 1 || first != '0';
  ++i;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  return i < text.size() && text.find_first_not_of("0123456789", i) == std::string_view::npos;
}

std::optional<double> decimal(std::string_view text) {
  const bool negative = text.front() == '-';
  const bool sign = negative || text.front() == '+';
  const std::string_view bare = text.substr(sign ? 1 : 0);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_one_of(bare, {".inf", ".Inf", ".INF"})) return negative ? -kInfinity : kInfinity;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (!looks_decimal(text)) return std::nullopt;
  std::string digits_only;
  for (const char c : text.substr(text.front() == '+' ? 1 : 0)) {
    if (c != '_') digits_only += c;
  }
  double value = 0;
  const char* end = digits_only.data() + digits_only.size();
  const auto read = std::from_chars(digits_only.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

Json yaml_scalar(const std::string& text) {
  if (text.empty() || is_one_of(text, {"~", "null", "Null", "NULL"})) return nullptr;
  if (const auto truth = boolean(text)) return *truth;
  if (const auto whole = integer(text)) return *whole;
  if (const auto number = decimal(text)) return *number;
  return text;
}

}  // namespace tessera::io
