#pragma once

#include <string>
#include <variant>
#include <vector>

#include "lab/figure.h"

namespace tessera::lab {

/// How a measured number has to stand to the exact one.
enum class Relation : unsigned char {
  kEqual,    // |measured - exact| <= tolerance
  kAtMost,   // measured <= exact + tolerance: a bound from above
  kAtLeast,  // measured >= exact - tolerance: a bound from below, or two things that must differ
};

/// One statement of the theory, settled by a number.
struct Row {
  std::string quantity{};  // "KL(N(0,1) ‖ N(1,1)), nats"
  double measured = 0.0;   // what the library gave
  double exact = 0.0;      // closed form, quadrature or enumeration that shares no code with it
  double tolerance = 0.0;  // absolute; of a Monte Carlo estimate 4 to 5 standard errors
  Relation relation = Relation::kEqual;

  double error() const { return measured - exact; }
  /// False where a number is not finite.
  bool holds() const;
};

using Cell = std::variant<double, std::string>;

/// Numbers worth keeping that are no statement: curves, sweeps. NAME.TABLE.csv on disk.
struct Table {
  std::string name{};  // "per-step": small letters, digits and hyphens; part of the file's name
  std::string title{};
  std::vector<std::string> columns{};
  std::vector<std::vector<Cell>> rows{};

  /// Equally long columns of numbers side by side. Throws kInvalidArgument where they differ.
  static Table of_columns(std::string name,
                          std::string title,
                          std::vector<std::string> columns,
                          const std::vector<std::vector<double>>& values);
};

/// A mean over independent draws with its standard error.
struct Estimate {
  double value = 0.0;
  double standard_error = 0.0;
};

/// What one run of an experiment found out.
struct Findings {
  std::vector<Row> rows{};
  std::vector<Table> tables{};
  Figure figure{};                   // no panels = the experiment has no picture
  std::vector<std::string> notes{};  // sentences with numbers in them, below the table

  void equal(std::string quantity, double measured, double exact, double tolerance);
  void at_most(std::string quantity, double measured, double exact, double tolerance = 0.0);
  void at_least(std::string quantity, double measured, double exact, double tolerance = 0.0);
  /// An estimate within `errors` standard errors.
  void near(std::string quantity, Estimate estimate, double exact, double errors = 4.5);

  /// True where every row does, and there is one.
  bool hold() const;
};

}  // namespace tessera::lab
