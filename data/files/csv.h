#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::data {

/// Rows of comma-separated text (RFC 4180): quoted fields may hold commas, line breaks and doubled
/// quotes; lines end in LF or CRLF; empty lines are passed over.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text);

  struct Row {
    std::vector<std::string> fields{};
    std::int64_t line = 0;  // where it begins, counted from 1
    bool whole = true;      // false: a quote was never closed, or text follows a closing quote
  };
  /// Nothing at the end.
  std::optional<Row> next();

 private:
  std::string field(bool& whole);
  std::string_view text_;
  std::size_t place_ = 0;
  std::int64_t line_ = 1;
};

}  // namespace tessera::data
