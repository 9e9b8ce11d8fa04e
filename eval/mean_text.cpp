#include "eval/mean_text.h"

#include <cmath>
#include <cstdio>

#include "eval/intervals.h"

namespace tessera::eval {

io::Json number_or_null(double value) {
  if (!std::isfinite(value)) return nullptr;
  return value;
}

io::Json mean_json(const std::vector<double>& values) {
  const Mean mean = mean_of(values);
  const double half = normal_quantile(0.975) * mean.error;
  return {{"mean", number_or_null(mean.value)},
          {"error", number_or_null(mean.error)},
          {"low", number_or_null(mean.value - half)},
          {"high", number_or_null(mean.value + half)}};
}

std::string fixed_text(const io::Json& value, int digits) {
  if (!value.is_number()) return "–";
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value.get<double>());
  return text;
}

std::vector<std::string> mean_row(const std::string& name, const io::Json& mean, int digits) {
  if (mean.is_null()) return {name, "–", "–", ""};
  return {name,
          fixed_text(mean.at("mean"), digits),
          fixed_text(mean.at("error"), digits),
          fixed_text(mean.at("low"), digits) + " … " + fixed_text(mean.at("high"), digits)};
}

}  // namespace tessera::eval
