#include "lab/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace tessera::lab {
namespace {

std::string digits(double value, const char* format) {
  char text[40];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

const char* sign_of(Relation relation) {
  switch (relation) {
    case Relation::kEqual:
      return "=";
    case Relation::kAtMost:
      return "<=";
    case Relation::kAtLeast:
      return ">=";
  }
  return "";
}

using Line = std::array<std::string, 6>;
Line head() {
  return {"quantity", "measured", "exact", "error", "tolerance", "verdict"};
}

Line cells(const Row& row) {
  const std::string sign =
      row.relation == Relation::kEqual ? std::string() : std::string(sign_of(row.relation)) + " ";
  return {row.quantity,
          digits(row.measured, "%.9g"),
          sign + digits(row.exact, "%.9g"),
          digits(row.error(), "%.2g"),
          digits(row.tolerance, "%.2g"),
          row.holds() ? "ok" : "NO"};
}

/// Columns that a terminal needs for UTF-8 text: code points that are not combining marks.
std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool combining = byte == 0xCC || (byte == 0xCD && i + 1 < text.size() &&
                                            static_cast<unsigned char>(text[i + 1]) < 0xB0);
    if ((byte & 0xC0) != 0x80 && !combining) ++width;
  }
  return width;
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c;
    if (c == '"') quoted += c;
  }
  return quoted + "\"";
}

std::string cell_text(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return digits(*number, "%.17g");
  return std::get<std::string>(cell);
}

/// JSON has no word for what is not finite.
io::Json number_json(double value) {
  return std::isfinite(value) ? io::Json(value) : io::Json();
}

io::Json table_json(const Table& table) {
  io::Json rows = io::Json::array();
  for (const auto& row : table.rows) {
    io::Json line = io::Json::array();
    for (const Cell& cell : row) {
      const auto* number = std::get_if<double>(&cell);
      line.push_back(number ? number_json(*number) : io::Json(std::get<std::string>(cell)));
    }
    rows.push_back(std::move(line));
  }
  return {{"name", table.name}, {"title", table.title}, {"columns", table.columns}, {"rows", rows}};
}

}  // namespace

std::string text_table(const Findings& findings) {
  std::vector<Line> lines = {head()};
  for (const Row& row : findings.rows) lines.push_back(cells(row));
  std::array<std::size_t, 6> widths{};
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c)
      widths[c] = std::max(widths[c], width_of(line[c]));
  }
  std::string out;
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      const std::string space(widths[c] - width_of(line[c]), ' ');
      const bool number = c > 0 && c < 5;
      out += (c == 0 ? "" : "  ") + (number ? space + line[c] : line[c] + (c == 5 ? "" : space));
    }
    out += "\n";
  }
  for (const std::string& note : findings.notes) out += note + "\n";
  return out;
}

std::string markdown_table(const Findings& findings) {
  const auto bar = [](std::string text) {
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) {
      text.replace(at, 1, "\\|");
    }
    return text;
  };
  std::string out = "| quantity | measured | exact | error | tolerance |\n|---|---|---|---|---|\n";
  for (const Row& row : findings.rows) {
    const Line line = cells(row);
    out += "|";
    for (std::size_t c = 0; c < 5; ++c) out += " " + bar(line[c]) + " |";
    out += "\n";
  }
  return out;
}

std::string rows_csv(const Findings& findings) {
  std::string out = "quantity,measured,relation,exact,error,tolerance,holds\n";
  for (const Row& row : findings.rows) {
    out += csv_field(row.quantity) + "," + digits(row.measured, "%.17g") + "," +
           sign_of(row.relation) + "," + digits(row.exact, "%.17g") + "," +
           digits(row.error(), "%.17g") + "," + digits(row.tolerance, "%.17g") + "," +
           (row.holds() ? "true" : "false") + "\n";
  }
  return out;
}

std::string table_csv(const Table& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    out += (c == 0 ? "" : ",") + csv_field(table.columns[c]);
  }
  out += "\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      out += (c == 0 ? "" : ",") + csv_field(cell_text(row[c]));
    }
    out += "\n";
  }
  return out;
}

io::Json findings_json(const Experiment& experiment,
                       std::span<const Assignment> assignments,
                       const Findings& findings) {
  io::Json settings = io::Json::object();
  for (const Setting& setting : experiment.settings) settings[setting.key] = setting.value;
  for (const Assignment& given : assignments) settings[given.key] = given.value;
  io::Json rows = io::Json::array();
  for (const Row& row : findings.rows) {
    rows.push_back({{"quantity", row.quantity},
                    {"measured", number_json(row.measured)},
                    {"relation", sign_of(row.relation)},
                    {"exact", number_json(row.exact)},
                    {"error", number_json(row.error())},
                    {"tolerance", number_json(row.tolerance)},
                    {"holds", row.holds()}});
  }
  io::Json tables = io::Json::array();
  for (const Table& table : findings.tables) tables.push_back(table_json(table));
  return {{"name", experiment.about.name},
          {"topic", experiment.about.topic},
          {"title", experiment.about.title},
          {"shows", experiment.about.shows},
          {"settings", settings},
          {"holds", findings.hold()},
          {"rows", rows},
          {"tables", tables},
          {"notes", findings.notes}};
}

std::string complaint(const Row& row) {
  const char* wanted = row.relation == Relation::kEqual    ? "is not within "
                       : row.relation == Relation::kAtMost ? "is more than "
                                                           : "is less than ";
  const std::string number = row.quantity + " = " + digits(row.measured, "%.9g") + " " + wanted;
  if (row.relation == Relation::kEqual)
    return number + digits(row.tolerance, "%.2g") + " of " + digits(row.exact, "%.9g");
  return number + digits(row.exact, "%.9g") + " (tolerance " + digits(row.tolerance, "%.2g") + ")";
}

}  // namespace tessera::lab
