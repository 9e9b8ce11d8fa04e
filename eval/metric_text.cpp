#include "eval/metric_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tessera::eval {
namespace {

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// Digits behind the point, the same for all numbers of a metric.
int digits_of(const MetricComparison& metric) {
  if (metric.share) return 1;
  const double size = std::max({std::abs(metric.a.mean), std::abs(metric.b.mean), 1e-12});
  return std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 6);
}

}  // namespace

std::string metric_title(const MetricComparison& metric) {
  std::string title = metric.metric;
  std::replace(title.begin(), title.end(), '_', ' ');
  if (metric.share) title += ", %";
  if (metric.lower_is_better) title += " (lower is better)";
  return title;
}

std::string metric_number(const MetricComparison& metric, double value) {
  if (!std::isfinite(value)) return "–";
  return fixed(metric.share ? 100 * value : value, digits_of(metric));
}

std::string signed_number(const MetricComparison& metric, double value) {
  if (!std::isfinite(value)) return "–";
  const std::string text = metric_number(metric, std::abs(value));
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return zero ? text : (value < 0 ? "−" : "+") + text;
}

std::string doubt_text(double doubt) {
  return doubt < 0.001 ? "< 0.001" : fixed(doubt, 3);
}

}  // namespace tessera::eval
