#include "tests/diffusion/gaussian/values.h"

#include <cmath>
#include <cstdio>
#include <set>

#include <gtest/gtest.h>

namespace tessera::diffusion::test {
namespace {

const io::Json& all() {
  static const io::Json json =
      io::read_json(TESSERA_SOURCE_DIR "/tests/data/continuous-oracles.json");
  return json;
}

std::set<std::string>& covered() {
  static std::set<std::string> names;
  return names;
}

/// Says at the end how many groups were compared, and which were not.
class Coverage : public ::testing::Environment {
 public:
  void TearDown() override {
    if (::testing::GTEST_FLAG(filter) != "*") return;
    std::string missing;
    for (const auto& item : all().items()) {
      if (covered().count(item.key()) == 0) missing += " " + item.key();
    }
    std::printf("%zu of %zu groups of exact values compared; not compared:%s\n",
                covered().size(),
                all().size(),
                missing.c_str());
  }
};

const auto* const kCoverage = ::testing::AddGlobalTestEnvironment(new Coverage);

GaussianSchedule linear(std::int64_t steps) {
  const double scale = 1000.0 / static_cast<double>(steps);
  return make_gaussian_schedule(
      {.kind = "linear", .steps = steps, .first = 1e-4 * scale, .last = 0.02 * scale});
}

}  // namespace

const io::Json& group(const std::string& name) {
  covered().insert(name);
  return all().at(name);
}

std::vector<std::string> groups_below(const std::string& prefix) {
  std::vector<std::string> names;
  for (const auto& item : all().items()) {
    if (item.key().rfind(prefix, 0) == 0) names.push_back(item.key());
  }
  return names;
}

double number(const io::Json& json, const std::string& key) {
  return json.at(key).get<double>();
}

void expect_close(
    double got, double want, double relative, const std::string& what, double absolute) {
  EXPECT_LE(std::abs(got - want), relative * std::abs(want) + absolute)
      << what << ": got " << got << ", want " << want;
}

GaussianSchedule named_schedule(const std::string& name) {
  if (name == "toy5") return schedule_of_betas({0.1, 0.2, 0.3, 0.4, 0.5});
  if (name == "quad1000") return make_gaussian_schedule({.kind = "quadratic"});
  if (name == "ldm_scaled_linear") {
    return make_gaussian_schedule({.kind = "scaled-linear", .first = 0.00085, .last = 0.012});
  }
  if (name == "const0.02") return make_gaussian_schedule({.kind = "constant", .first = 0.02});
  if (name == "sigmoid") return make_gaussian_schedule({.kind = "sigmoid"});
  if (name == "sd2015_code") return make_gaussian_schedule({.kind = "sohl-dickstein"});
  const std::size_t digits = name.find_first_of("0123456789");
  const std::int64_t steps = std::stoll(name.substr(digits));
  if (name.rfind("linear", 0) == 0) return linear(steps);
  return make_gaussian_schedule({.kind = name.substr(0, digits), .steps = steps});
}

}  // namespace tessera::diffusion::test
