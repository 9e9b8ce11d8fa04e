#pragma once

#include <string>
#include <vector>

#include "io/json_fields.h"

namespace tessera::eval {

/// JSON has no infinity and no NaN.
io::Json number_or_null(double value);

/// Mean, error and mean ± 1.96 errors of values; what is not finite is null.
io::Json mean_json(const std::vector<double>& values);

/// "1.2346" with so many digits; "–" for what is no number.
std::string fixed_text(const io::Json& value, int digits);

/// A row of a table: name, mean, error, interval of mean_json().
std::vector<std::string> mean_row(const std::string& name, const io::Json& mean, int digits);

}  // namespace tessera::eval
