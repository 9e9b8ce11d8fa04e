#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/intervals.h"
#include "eval/paired_bootstrap.h"
#include "eval/records.h"

namespace tessera::eval {

/// One side of a comparison.
struct ComparedSide {
  std::string name{};
  Records records{};
};

/// What one side has of a metric, over the pairs in which both have it.
struct SideMean {
  double mean = 0;
  Interval interval{};  // Wilson's for shares, mean ± 1.96 errors for numbers
};

/// One metric of both sides, pair by pair.
struct MetricComparison {
  std::string metric{};
  bool share = false;            // verdicts, counted as 1 and 0
  bool lower_is_better = false;  // by the metric's name
  SideMean a{};
  SideMean b{};
  PairedDifference difference{};     // b - a
  std::vector<std::size_t> pairs{};  // which pairs have it
  std::vector<double> values_a{};
  std::vector<double> values_b{};

  std::int64_t a_better() const { return lower_is_better ? difference.wins : difference.losses; }
  std::int64_t b_better() const { return lower_is_better ? difference.losses : difference.wins; }
};

/// A thing that both sides were judged on.
struct ComparedPair {
  std::int64_t index = 0;
  std::string what{};  // its prompt, or the picture it was made from
  io::Json a{};
  io::Json b{};
};

struct Comparison {
  ComparedSide a{};
  ComparedSide b{};
  std::vector<ComparedPair> pairs{};
  std::int64_t only_a = 0;  // rows without a counterpart
  std::int64_t only_b = 0;
  std::vector<MetricComparison> metrics{};
  BootstrapOptions options{};
};

/// Pairs rows by index and compares every verdict and number that both sides have. Throws
/// kInvalidArgument where the two are of different kinds, where a pair is not of the same prompt or
/// picture, or where nothing can be compared.
Comparison compare_records(ComparedSide a, ComparedSide b, const BootstrapOptions& options);

/// How good a row is by one metric, larger = better; a verdict is followed by the share of the
/// row's other verdicts, so that rows of equal verdicts have an order. NaN where it has none.
double goodness(const io::Json& row, const MetricComparison& metric);

io::Json comparison_json(const Comparison& comparison);
std::string comparison_table(const Comparison& comparison);
/// One line a metric behind a line of heads (RFC 4180).
std::string comparison_csv(const Comparison& comparison);

}  // namespace tessera::eval
