// A comparison as JSON, as a table for a terminal and as CSV.

#include <cmath>
#include <cstdio>

#include "eval/comparison.h"
#include "eval/mean_text.h"
#include "eval/metric_text.h"
#include "eval/text_table.h"

namespace tessera::eval {
namespace {

io::Json ends(const Interval& interval) {
  return {{"low", number_or_null(interval.low)}, {"high", number_or_null(interval.high)}};
}

io::Json side_json(const ComparedSide& side) {
  return {{"name", side.name},
          {"rows", side.records.rows.size()},
          {"settings", side.records.header.value("settings", io::Json::object())}};
}

io::Json metric_json(const MetricComparison& m) {
  const PairedDifference& d = m.difference;
  const auto mean = [](const SideMean& side) {
    io::Json out = {{"mean", side.mean}};
    out.update(ends(side.interval));
    return out;
  };
  return {{"metric", m.metric},
          {"share", m.share},
          {"better", m.lower_is_better ? "lower" : "higher"},
          {"pairs", d.pairs},
          {"a", mean(m.a)},
          {"b", mean(m.b)},
          {"difference",
           {{"mean", d.mean},
            {"error", number_or_null(d.error)},
            {"bca", ends(d.bca)},
            {"percentile", ends(d.percentile)},
            {"doubt", d.doubt}}},
          {"a_better", m.a_better()},
          {"ties", d.ties},
          {"b_better", m.b_better()}};
}

/// A field of a CSV line.
std::string csv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv(double value) {
  if (!std::isfinite(value)) return "";
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

}  // namespace

io::Json comparison_json(const Comparison& c) {
  io::Json metrics = io::Json::array();
  for (const MetricComparison& m : c.metrics) metrics.push_back(metric_json(m));
  return {{"a", side_json(c.a)},
          {"b", side_json(c.b)},
          {"pairs", c.pairs.size()},
          {"only_a", c.only_a},
          {"only_b", c.only_b},
          {"confidence", c.options.confidence},
          {"resamples", c.options.resamples},
          {"bootstrap_seed", c.options.seed},
          {"metrics", metrics}};
}

std::string comparison_table(const Comparison& c) {
  TextTable table(
      {"metric", "A", "B", "B − A", "95 % interval", "doubt", "A better", "ties", "B better"});
  if (c.options.confidence != 0.95) {
    char head[48];
    std::snprintf(head, sizeof head, "%g %% interval", 100 * c.options.confidence);
    table = TextTable({"metric", "A", "B", "B − A", head, "doubt", "A better", "ties", "B better"});
  }
  for (const MetricComparison& m : c.metrics) {
    const PairedDifference& d = m.difference;
    table.add({metric_title(m),
               metric_number(m, m.a.mean),
               metric_number(m, m.b.mean),
               signed_number(m, d.mean),
               signed_number(m, d.bca.low) + " … " + signed_number(m, d.bca.high),
               doubt_text(d.doubt),
               std::to_string(m.a_better()),
               std::to_string(d.ties),
               std::to_string(m.b_better())});
  }
  return "A = " + c.a.name + "\nB = " + c.b.name + "\n\n" + table.text();
}

std::string comparison_csv(const Comparison& c) {
  std::string text =
      "metric,better,pairs,a,a_low,a_high,b,b_low,b_high,difference,error,bca_low,bca_high,"
      "percentile_low,percentile_high,doubt,a_better,ties,b_better\n";
  for (const MetricComparison& m : c.metrics) {
    const PairedDifference& d = m.difference;
    text += csv(m.metric) + (m.lower_is_better ? ",lower" : ",higher");
    text += "," + std::to_string(d.pairs);
    for (const double value : {m.a.mean,
                               m.a.interval.low,
                               m.a.interval.high,
                               m.b.mean,
                               m.b.interval.low,
                               m.b.interval.high,
                               d.mean,
                               d.error,
                               d.bca.low,
                               d.bca.high,
                               d.percentile.low,
                               d.percentile.high,
                               d.doubt}) {
      text += "," + csv(value);
    }
    for (const std::int64_t count : {m.a_better(), d.ties, m.b_better()}) {
      text += "," + std::to_string(count);
    }
    text += "\n";
  }
  return text;
}

}  // namespace tessera::eval
