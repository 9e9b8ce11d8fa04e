#include "eval/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "core/error.h"

namespace tessera::eval {
namespace {

/// Numbers of a row that say nothing of its quality.
constexpr std::array<std::string_view, 9> kNoMetrics = {
    "index", "seed", "codes", "tokens", "width", "height", "seconds", "line", "row"};
constexpr std::array<std::string_view, 6> kLowerIsBetter = {
    "lpips", "mse", "bits", "distance", "rank", "error"};

template <std::size_t N>
bool begins_with_one_of(const std::string& name, const std::array<std::string_view, N>& names) {
  return std::any_of(
      names.begin(), names.end(), [&](std::string_view each) { return name.starts_with(each); });
}

bool is_metric(const std::string& name, const io::Json& value) {
  return (value.is_boolean() || value.is_number()) &&
         std::find(kNoMetrics.begin(), kNoMetrics.end(), name) == kNoMetrics.end();
}

double number_of(const io::Json& row, const std::string& name) {
  const auto found = row.find(name);
  if (found == row.end()) return std::numeric_limits<double>::quiet_NaN();
  if (found->is_boolean()) return found->get<bool>() ? 1.0 : 0.0;
  if (found->is_number()) return found->get<double>();
  return std::numeric_limits<double>::quiet_NaN();
}

std::string text_of(const io::Json& row, const char* name) {
  const auto found = row.find(name);
  return found != row.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string what_of(const io::Json& row) {
  for (const char* name : {"prompt", "caption", "text", "source", "picture"}) {
    std::string text = text_of(row, name);
    if (!text.empty()) return text;
  }
  return "";
}

void check_same(const ComparedPair& pair) {
  for (const char* name : {"prompt", "caption", "text", "source"}) {
    const std::string in_a = text_of(pair.a, name);
    const std::string in_b = text_of(pair.b, name);
    TESSERA_CHECK(in_a.empty() || in_b.empty() || in_a == in_b,
                  kInvalidArgument,
                  "index ",
                  pair.index,
                  " is not the same thing on both sides: ",
                  name,
                  " \"",
                  in_a,
                  "\" and \"",
                  in_b,
                  "\"");
  }
}

/// Names of the metrics that occur, in the order of the rows' fields.
std::vector<std::string> metric_names(const std::vector<ComparedPair>& pairs) {
  std::vector<std::string> fields;
  std::set<std::string> metrics;
  for (const ComparedPair& pair : pairs) {
    for (const auto& [name, value] : pair.a.items()) {
      if (std::find(fields.begin(), fields.end(), name) == fields.end()) fields.push_back(name);
      if (is_metric(name, value)) metrics.insert(name);
    }
  }
  std::erase_if(fields, [&](const std::string& name) { return !metrics.contains(name); });
  return fields;
}

bool is_share(const std::vector<ComparedPair>& pairs, const std::string& name) {
  return std::none_of(pairs.begin(), pairs.end(), [&](const ComparedPair& pair) {
    const auto found = pair.a.find(name);
    return found != pair.a.end() && found->is_number();
  });
}

SideMean side_mean(const std::vector<double>& values, bool share, double confidence) {
  const Mean mean = mean_of(values);
  if (share) {
    const auto right =
        static_cast<std::int64_t>(std::llround(mean.value * static_cast<double>(mean.count)));
    return {.mean = mean.value, .interval = wilson_interval(right, mean.count, confidence)};
  }
  const double half = normal_quantile(0.5 + confidence / 2) * mean.error;
  return {.mean = mean.value, .interval = {.low = mean.value - half, .high = mean.value + half}};
}

MetricComparison compared(const std::vector<ComparedPair>& pairs,
                          const std::string& name,
                          const BootstrapOptions& options) {
  MetricComparison out{.metric = name,
                       .share = is_share(pairs, name),
                       .lower_is_better = begins_with_one_of(name, kLowerIsBetter)};
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const double in_a = number_of(pairs[k].a, name);
    const double in_b = number_of(pairs[k].b, name);
    if (!std::isfinite(in_a) || !std::isfinite(in_b)) continue;
    out.pairs.push_back(k);
    out.values_a.push_back(in_a);
    out.values_b.push_back(in_b);
  }
  if (out.pairs.empty()) return out;
  out.a = side_mean(out.values_a, out.share, options.confidence);
  out.b = side_mean(out.values_b, out.share, options.confidence);
  out.difference = paired_bootstrap(out.values_a, out.values_b, options);
  return out;
}

void check_kinds(const ComparedSide& a, const ComparedSide& b) {
  const std::string of_a = text_of(a.records.header, "kind");
  const std::string of_b = text_of(b.records.header, "kind");
  TESSERA_CHECK(of_a == of_b || of_a.empty() || of_b.empty(),
                kInvalidArgument,
                "records of different kinds cannot be compared: ",
                a.name,
                " holds ",
                of_a,
                ", ",
                b.name,
                " ",
                of_b);
}

}  // namespace

Comparison compare_records(ComparedSide a, ComparedSide b, const BootstrapOptions& options) {
  options.validate();
  check_kinds(a, b);
  Comparison out{.options = options};
  for (const auto& [index, row] : a.records.rows) {
    const auto other = b.records.rows.find(index);
    if (other == b.records.rows.end()) {
      ++out.only_a;
      continue;
    }
    out.pairs.push_back({.index = index, .what = what_of(row), .a = row, .b = other->second});
    check_same(out.pairs.back());
  }
  out.only_b = std::ssize(b.records.rows) - std::ssize(out.pairs);
  TESSERA_CHECK(
      !out.pairs.empty(), kInvalidArgument, a.name, " and ", b.name, " have no index in common");
  for (const std::string& name : metric_names(out.pairs)) {
    MetricComparison metric = compared(out.pairs, name, options);
    if (!metric.pairs.empty()) out.metrics.push_back(std::move(metric));
  }
  TESSERA_CHECK(!out.metrics.empty(),
                kInvalidArgument,
                a.name,
                " and ",
                b.name,
                " have no verdict or number in common");
  out.a = std::move(a);
  out.b = std::move(b);
  return out;
}

double goodness(const io::Json& row, const MetricComparison& metric) {
  const double value = number_of(row, metric.metric);
  if (!metric.share) return metric.lower_is_better ? -value : value;
  double right = 0;
  double asked = 0;
  for (const auto& [name, verdict] : row.items()) {
    if (!verdict.is_boolean()) continue;
    ++asked;
    right += verdict.get<bool>() ? 1 : 0;
  }
  return value + (asked == 0 ? 0.0 : 0.5 * right / asked);
}

}  // namespace tessera::eval
