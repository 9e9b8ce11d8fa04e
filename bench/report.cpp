#include "bench/report.h"

#include <cstdlib>
#include <iomanip>
#include <ostream>
#include <thread>

#include "bench/proc_field.h"
#include "core/error.h"

namespace tessera::bench {
namespace {

std::string plain(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

void Report::check_at_most(const std::string& name, double value, double limit) {
  checks[name] = value;
  if (!(value <= limit))
    failures.push_back(concat(name, " is ", value, ", at most ", limit, " is right"));
}

void Report::print(std::ostream& out, bool json) const {
  if (json) {
    nlohmann::ordered_json all = facts;
    all["checks"] = checks;
    all["failures"] = failures;
    all["results"] = nlohmann::ordered_json::array();
    for (const Row& row : rows) {
      all["results"].push_back({{"name", row.name},
                                {"batch", row.batch},
                                {"min_ms", row.timing.min_ms},
                                {"median_ms", row.timing.median_ms},
                                {"min_cpu_ms", row.timing.min_cpu_ms},
                                {"repeats", row.timing.repeats}});
    }
    out << all.dump(2) << "\n";
    return;
  }
  for (const auto& [name, value] : facts.items()) out << name << ": " << plain(value) << "\n";
  for (const auto& [name, value] : checks.items())
    out << "checked, " << name << ": " << plain(value) << "\n";
  for (const std::string& failure : failures) out << "WRONG: " << failure << "\n";
  out << "\n"
      << std::left << std::setw(28) << "what" << std::right << std::setw(6) << "batch"
      << std::setw(12) << "min ms" << std::setw(12) << "median ms" << std::setw(12) << "min cpu ms"
      << std::setw(14) << "ms for one"
      << "\n"
      << std::fixed << std::setprecision(2);
  for (const Row& row : rows) {
    out << std::left << std::setw(28) << row.name << std::right << std::setw(6) << row.batch
        << std::setw(12) << row.timing.min_ms << std::setw(12) << row.timing.median_ms
        << std::setw(12) << row.timing.min_cpu_ms << std::setw(14)
        << row.timing.median_ms / static_cast<double>(row.batch) << "\n";
  }
}

nlohmann::ordered_json machine_facts() {
  return {{"processor", proc_field("/proc/cpuinfo", "model name")},
          {"hardware_threads", std::thread::hardware_concurrency()}};
}

double peak_memory_mib() {
  return std::strtod(proc_field("/proc/self/status", "VmHWM").c_str(), nullptr) / 1024.0;
}

}  // namespace tessera::bench
