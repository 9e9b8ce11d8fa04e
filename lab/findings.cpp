#include "lab/findings.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace tessera::lab {

bool Row::holds() const {
  if (!std::isfinite(measured) || !std::isfinite(exact) || !(tolerance >= 0.0)) return false;
  switch (relation) {
    case Relation::kEqual:
      return std::abs(error()) <= tolerance;
    case Relation::kAtMost:
      return error() <= tolerance;
    case Relation::kAtLeast:
      return -error() <= tolerance;
  }
  return false;
}

Table Table::of_columns(std::string name,
                        std::string title,
                        std::vector<std::string> columns,
                        const std::vector<std::vector<double>>& values) {
  TESSERA_CHECK(columns.size() == values.size() && !values.empty(),
                kInvalidArgument,
                "table ",
                name,
                " has ",
                columns.size(),
                " column names and ",
                values.size(),
                " columns of numbers; they must be as many");
  Table table{.name = std::move(name), .title = std::move(title), .columns = std::move(columns)};
  table.rows.resize(values.front().size());
  for (const std::vector<double>& column : values) {
    TESSERA_CHECK(column.size() == table.rows.size(),
                  kInvalidArgument,
                  "table ",
                  table.name,
                  " has a column of ",
                  column.size(),
                  " numbers beside one of ",
                  table.rows.size());
    for (std::size_t i = 0; i < column.size(); ++i) table.rows[i].emplace_back(column[i]);
  }
  return table;
}

void Findings::equal(std::string quantity, double measured, double exact, double tolerance) {
  rows.push_back({std::move(quantity), measured, exact, tolerance, Relation::kEqual});
}

void Findings::at_most(std::string quantity, double measured, double exact, double tolerance) {
  rows.push_back({std::move(quantity), measured, exact, tolerance, Relation::kAtMost});
}

void Findings::at_least(std::string quantity, double measured, double exact, double tolerance) {
  rows.push_back({std::move(quantity), measured, exact, tolerance, Relation::kAtLeast});
}

void Findings::near(std::string quantity, Estimate estimate, double exact, double errors) {
  equal(std::move(quantity), estimate.value, exact, errors * estimate.standard_error);
}

bool Findings::hold() const {
  return !rows.empty() &&
         std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.holds(); });
}

}  // namespace tessera::lab
