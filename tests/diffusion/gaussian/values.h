#pragma once

#include <string>
#include <vector>

#include "diffusion/gaussian/schedule.h"
#include "io/json_fields.h"

namespace tessera::diffusion::test {

/// A group of tests/data/continuous-oracles.json: exact values of an independent program with 40
/// digits. Asking for a group counts it as covered.
const io::Json& group(const std::string& name);
/// Every group whose name begins so.
std::vector<std::string> groups_below(const std::string& prefix);

double number(const io::Json& json, const std::string& key);

/// |got - want| <= relative |want| + absolute.
void expect_close(
    double got, double want, double relative, const std::string& what, double absolute = 0.0);

/// The schedules of the groups' names: linear1000, cosine4000, toy5, quad1000, …
GaussianSchedule named_schedule(const std::string& name);

}  // namespace tessera::diffusion::test
