#include "bench/train/profile.h"

#include <algorithm>
#include <chrono>
#include <iomanip>
#include <map>
#include <ostream>
#include <set>
#include <utility>

#include <torch/csrc/autograd/profiler_kineto.h>

namespace tessera::bench {
namespace {

using torch::autograd::profiler::KinetoEvent;
using torch::profiler::impl::ActivityType;

constexpr double kNsInMs = 1e6;

/// One call, in nanoseconds.
struct Call {
  std::string name{};
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t thread = 0;  // of an operator
};

/// libkineto's own numbers, whose header is not the profiler's: ActivityType.h.
bool is_of_device(const KinetoEvent& event) {
  constexpr int kMemcpy = 3, kMemset = 4, kKernel = 5;
  const int type = event.activityType();
  return type == kMemcpy || type == kMemset || type == kKernel;
}

bool is_operator(const KinetoEvent& event) {
  constexpr int kCpuOp = 0;
  return event.activityType() == kCpuOp && !event.isAsync();
}

std::vector<Call> calls_of(const std::vector<KinetoEvent>& events,
                           bool (*wanted)(const KinetoEvent&)) {
  std::vector<Call> calls;
  for (const KinetoEvent& event : events) {
    if (!wanted(event)) continue;
    calls.push_back({.name = event.name(),
                     .begin = event.startNs(),
                     .end = event.endNs(),
                     .thread = event.startThreadId()});
  }
  std::stable_sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) {
    return std::pair(a.begin, b.end) < std::pair(b.begin, a.end);  // who calls before who is called
  });
  return calls;
}

double length(const Call& call) {
  return static_cast<double>(call.end - call.begin);
}

/// What each call spends in no call within it.
std::vector<double> own_times(const std::vector<Call>& calls) {
  std::vector<double> own;
  std::map<std::uint64_t, std::vector<std::size_t>> open;  // by thread, the innermost last
  for (std::size_t i = 0; i < calls.size(); ++i) {
    own.push_back(length(calls[i]));
    std::vector<std::size_t>& stack = open[calls[i].thread];
    while (!stack.empty() && calls[stack.back()].end <= calls[i].begin) stack.pop_back();
    if (!stack.empty()) own[stack.back()] -= length(calls[i]);
    stack.push_back(i);
  }
  return own;
}

std::vector<double> whole_times(const std::vector<Call>& calls) {
  std::vector<double> times;
  for (const Call& call : calls) times.push_back(length(call));
  return times;
}

/// The time that the calls, in order of their beginnings, cover: streams and threads overlap.
double covered(const std::vector<Call>& calls) {
  double sum = 0;
  std::uint64_t until = 0;
  for (const Call& call : calls) {
    if (call.end > until) sum += static_cast<double>(call.end - std::max(call.begin, until));
    until = std::max(until, call.end);
  }
  return sum;
}

std::vector<Cost> sums_by_name(const std::vector<Call>& calls,
                               const std::vector<double>& times,
                               double steps) {
  std::map<std::string, Cost> by_name;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Cost& cost = by_name[calls[i].name];
    cost.name = calls[i].name;
    cost.calls += 1 / steps;
    cost.ms += times[i] / kNsInMs / steps;
  }
  std::vector<Cost> costs;
  for (auto& [name, cost] : by_name) costs.push_back(std::move(cost));
  std::sort(costs.begin(), costs.end(), [](const Cost& a, const Cost& b) { return a.ms > b.ms; });
  return costs;
}

double total(const Profile& profile) {
  double sum = 0;
  for (const Cost& cost : profile.costs) sum += cost.ms;
  return sum;
}

}  // namespace

Profile profile_steps(const std::function<void(int)>& step, const ProfileOptions& options) {
  using namespace torch::autograd::profiler;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  std::set<ActivityType> activities{ActivityType::CPU};
  if (options.on_gpu) activities.insert(ActivityType::CUDA);
  prepareProfiler(config, activities);
  enableProfiler(config, activities);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < options.steps; ++i) step(i);
  const std::chrono::duration<double, std::milli> spent = std::chrono::steady_clock::now() - begun;
  const auto result = disableProfiler();
  if (!options.file.empty()) result->save(options.file.string());

  const double steps = options.steps;
  std::vector<Call> calls = calls_of(result->events(), is_of_device);
  const bool kernels = !calls.empty();
  if (!kernels) calls = calls_of(result->events(), is_operator);
  return {.of = kernels ? "kernels" : "operators",
          .costs = sums_by_name(calls, kernels ? whole_times(calls) : own_times(calls), steps),
          .busy_ms = covered(calls) / kNsInMs / steps,
          .wall_ms = spent.count() / steps};
}

void print(const Profile& profile, std::size_t rows, std::ostream& out) {
  const double sum = total(profile);
  const auto line = [&](double calls, double ms, const std::string& name) {
    constexpr std::size_t kLongest = 150;  // names of templates go on for pages
    out << std::setw(12) << calls << std::setw(12) << ms << std::setw(9) << 100 * ms / sum << "  "
        << name.substr(0, kLongest) << "\n";
  };
  out << std::fixed << std::setprecision(3) << "\n"
      << profile.of << " of a step: " << sum << " ms, some of them at work for " << profile.busy_ms
      << " of " << profile.wall_ms << " ms\n"
      << std::right << std::setw(12) << "calls" << std::setw(12) << "ms" << std::setw(9) << "%"
      << "  name\n";
  double rest_calls = 0, rest_ms = 0;
  for (std::size_t i = 0; i < profile.costs.size(); ++i) {
    const Cost& cost = profile.costs[i];
    if (i < rows) line(cost.calls, cost.ms, cost.name);
    if (i >= rows) rest_calls += cost.calls, rest_ms += cost.ms;
  }
  line(rest_calls, rest_ms, "(all others)");
}

nlohmann::ordered_json to_json(const Profile& profile, std::size_t rows) {
  nlohmann::ordered_json costs = nlohmann::ordered_json::array();
  const double sum = total(profile);
  double calls = 0;
  for (const Cost& cost : profile.costs) calls += cost.calls;
  for (std::size_t i = 0; i < std::min(rows, profile.costs.size()); ++i) {
    const Cost& cost = profile.costs[i];
    costs.push_back({{"name", cost.name},
                     {"calls", cost.calls},
                     {"ms", cost.ms},
                     {"share", sum > 0 ? cost.ms / sum : 0.0}});
  }
  return {{"of", profile.of},
          {"calls", calls},
          {"ms", sum},
          {"busy_ms", profile.busy_ms},
          {"wall_ms", profile.wall_ms},
          {"costs", costs}};
}

}  // namespace tessera::bench
