#pragma once

#include <span>
#include <string>

#include "io/json_fields.h"
#include "lab/experiment.h"

namespace tessera::lab {

/// "quantity  measured  exact  error  tolerance  verdict", a line a row, then the notes.
std::string text_table(const Findings& findings);
/// The same as a table of Markdown.
std::string markdown_table(const Findings& findings);
/// The rows as comma-separated values (RFC 4180), 17 digits.
std::string rows_csv(const Findings& findings);
std::string table_csv(const Table& table);
/// Everything but the figure: words, settings, rows, tables, notes, verdict.
io::Json findings_json(const Experiment& experiment,
                       std::span<const Assignment> assignments,
                       const Findings& findings);

/// "KL = 0.51 is not within 0.001 of 0.5": one row that does not hold, as a sentence.
std::string complaint(const Row& row);

}  // namespace tessera::lab
