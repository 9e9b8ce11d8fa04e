#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bench/timing.h"

namespace tessera::bench {

/// One line of a table: what was timed on how many pictures (or scenes) at once.
struct Row {
  std::string name{};
  std::int64_t batch = 1;
  Timing timing{};
};

/// What a benchmark found: facts of the machine and the set-up, checks, timings. One JSON object,
/// or a table for people.
struct Report {
  nlohmann::ordered_json facts = nlohmann::ordered_json::object();
  nlohmann::ordered_json checks = nlohmann::ordered_json::object();  // name -> number
  std::vector<Row> rows{};
  std::vector<std::string> failures{};  // checks that did not hold; the program's exit status

  /// Notes `value`, which must not be above `limit` (a NaN is).
  void check_at_most(const std::string& name, double value, double limit);
  void print(std::ostream& out, bool json) const;
};

/// The model name of the processor, the number of its hardware threads.
nlohmann::ordered_json machine_facts();

/// The most memory that the process has held, in MiB (VmHWM).
double peak_memory_mib();

}  // namespace tessera::bench
