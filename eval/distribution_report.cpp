#include "eval/distribution_report.h"

#include <cstdio>

#include "core/error.h"
#include "eval/features/facts_json.h"

namespace tessera::eval {
namespace {

std::string digits(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

/// Four decimals; three digits where those would hide a small distance.
std::string distance_text(double value) {
  constexpr double kSmall = 0.01;
  return digits(value > 0 && value < kSmall ? "%.3g" : "%.4f", value);
}

std::string with_error(const char* format, double value, double error) {
  return digits(format, value) + " ± " + digits(format, error);
}

std::string count_text(std::int64_t count) {
  return count == 0 ? "unknown" : std::to_string(count);
}

/// "name     value   definition".
std::string line(const std::string& name, const std::string& value, const std::string& rest) {
  const std::size_t wide = 10;
  const std::size_t column = 24;
  // "±" takes two bytes and one column.
  const std::size_t columns = value.size() - (value.find("±") != std::string::npos ? 1 : 0);
  return name + std::string(name.size() < wide ? wide - name.size() : 1, ' ') + value +
         std::string(columns < column ? column - columns : 1, ' ') + rest;
}

io::Json side_json(const DistributionSide& side, std::int64_t count) {
  return {{"name", side.title},
          {"kind", side.pictures ? "pictures" : "statistics"},
          {"count", count == 0 ? io::Json(nullptr) : io::Json(count)}};
}

io::Json limit_json(const FrechetLimit& limit) {
  io::Json points = io::Json::array();
  for (const FrechetPoint& point : limit.points) {
    points.push_back({{"count", point.count}, {"fid", point.distance}});
  }
  return {{"value", limit.distance},
          {"standard_error", limit.standard_error},
          {"points", std::move(points)}};
}

io::Json numbers_json(const DistributionResult& result, const DistributionOptions& options) {
  io::Json out = io::Json::object();
  if (result.fid) out["fid"] = *result.fid;
  if (result.sfid) out["sfid"] = *result.sfid;
  if (result.fid_inf) out["fid_inf"] = limit_json(*result.fid_inf);
  if (result.kid) {
    out["kid"] = {{"mean", result.kid->mean},
                  {"deviation", result.kid->deviation},
                  {"subsets", result.kid->subsets},
                  {"subset_size", result.kid->subset_size}};
  }
  if (result.is) {
    out["inception_score"] = {{"mean", result.is->mean},
                              {"deviation", result.is->deviation},
                              {"splits", result.is->splits}};
  }
  if (result.prdc) {
    out["prdc"] = {{"precision", result.prdc->precision},
                   {"recall", result.prdc->recall},
                   {"density", result.prdc->density},
                   {"coverage", result.prdc->coverage},
                   {"neighbours", options.neighbours}};
  }
  return out;
}

}  // namespace

io::Json distribution_json(const DistributionResult& result,
                           const DistributionSide& judged,
                           const DistributionSide& reference,
                           const DistributionOptions& options) {
  io::Json out{{"schema", "tessera.distribution/1"},
               {"judged", side_json(judged, result.judged)},
               {"reference", side_json(reference, result.reference)},
               {"definition", facts_to_json(result.features)}};
  out["definition"]["seed"] = options.seed;
  out["metrics"] = numbers_json(result, options);
  out["unreadable"] = io::Json::array();
  for (const Unreadable& each : result.unreadable) {
    out["unreadable"].push_back({{"name", each.name}, {"reason", each.reason}});
  }
  out["warnings"] = result.warnings;
  return out;
}

std::vector<std::string> distribution_lines(const DistributionResult& result,
                                            const DistributionOptions& options) {
  const std::string features = describe(result.features);
  const std::string both =
      concat(features, ", N = ", count_text(result.judged), " and ", count_text(result.reference));
  std::vector<std::string> out;
  if (result.fid) out.push_back(line("fid", distance_text(*result.fid), both));
  if (result.sfid) {
    out.push_back(line("sfid",
                       distance_text(*result.sfid),
                       concat(both, ", ", result.features.spatial, " features with places")));
  }
  if (result.fid_inf) {
    const std::vector<FrechetPoint>& points = result.fid_inf->points;
    out.push_back(line("fid-inf",
                       with_error("%.4f", result.fid_inf->distance, result.fid_inf->standard_error),
                       concat(both, ", ", points.size(), " sizes from ", points.front().count)));
  }
  if (result.kid) {
    out.push_back(line("kid",
                       with_error("%.6f", result.kid->mean, result.kid->deviation),
                       concat(both,
                              ", cubic kernel, ",
                              result.kid->subsets,
                              result.kid->subsets == 1 ? " subset of " : " subsets of ",
                              result.kid->subset_size)));
  }
  if (result.is) {
    out.push_back(line("is",
                       with_error("%.4f", result.is->mean, result.is->deviation),
                       concat(features,
                              ", N = ",
                              count_text(result.judged),
                              ", ",
                              result.is->splits,
                              " shuffled parts, scores without bias")));
  }
  if (result.prdc) {
    const std::string definition = concat(both, ", k = ", options.neighbours);
    out.push_back(line("precision", digits("%.4f", result.prdc->precision), definition));
    out.push_back(line("recall", digits("%.4f", result.prdc->recall), definition));
    out.push_back(line("density", digits("%.4f", result.prdc->density), definition));
    out.push_back(line("coverage", digits("%.4f", result.prdc->coverage), definition));
  }
  return out;
}

}  // namespace tessera::eval
