#include "eval/text_table.h"

#include <algorithm>

#include "core/error.h"

namespace tessera::eval {
namespace {

/// Characters of UTF-8 text: bytes that do not go on with one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    const std::string space(widths[c] - width_of(cells[c]), ' ');
    if (c > 0) line += "  ";
    line += c == 0 ? cells[c] + space : space + cells[c];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

TextTable::TextTable(std::vector<std::string> heads) {
  rows_.push_back(std::move(heads));
}

void TextTable::add(std::vector<std::string> cells) {
  TESSERA_CHECK(cells.size() == rows_.front().size(),
                kShapeMismatch,
                "a row of this table has ",
                rows_.front().size(),
                " cells, got ",
                cells.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  std::string out = line_of(rows_.front(), widths);
  std::vector<std::string> rules;
  for (const std::size_t width : widths) {
    std::string rule;
    for (std::size_t k = 0; k < width; ++k) rule += "─";
    rules.push_back(rule);
  }
  out += line_of(rules, widths);
  for (std::size_t r = 1; r < rows_.size(); ++r) out += line_of(rows_[r], widths);
  return out;
}

}  // namespace tessera::eval
