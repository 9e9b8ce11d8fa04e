#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace tessera::bench {

/// What one kernel of the device, or one operator of the CPU, costs a step.
struct Cost {
  std::string name{};
  double calls = 0;
  double ms = 0;  // of an operator: without the operators that it calls
};

/// Where the time of a training step goes, by Torch's profiler: kernels and copies of a GPU where
/// it saw any, else operators.
struct Profile {
  std::string of{};           // kernels, operators
  std::vector<Cost> costs{};  // the most time first
  double busy_ms = 0;         // a step: some kernel, or some operator, is at work
  double wall_ms = 0;         // a step, with what the profiler adds to it
};

struct ProfileOptions {
  int steps = 3;
  bool on_gpu = false;
  std::filesystem::path file{};  // of the trace, for chrome://tracing; "" = not kept
};

/// Runs `step` so many times; the last call must not return before the device is done.
Profile profile_steps(const std::function<void(int)>& step, const ProfileOptions& options);

/// The `rows` largest; a table for people.
void print(const Profile& profile, std::size_t rows, std::ostream& out);
nlohmann::ordered_json to_json(const Profile& profile, std::size_t rows);

}  // namespace tessera::bench
