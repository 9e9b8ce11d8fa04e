#include "lab/check.h"

#include <chrono>

#include "core/error.h"

namespace tessera::lab {
namespace {

Outcome run_one(const Experiment& experiment, const Run& run) {
  Outcome outcome{.name = experiment.about.name};
  const auto begin = std::chrono::steady_clock::now();
  try {
    const Findings findings = experiment.run({}, run);
    outcome.rows = findings.rows.size();
    for (const Row& row : findings.rows) {
      if (!row.holds()) outcome.broken.push_back(row);
    }
    if (findings.rows.empty()) outcome.error = "it compares nothing with an exact value";
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kCancelled) throw;
    outcome.error = error.what();
  } catch (const std::exception& error) {
    outcome.error = error.what();
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return outcome;
}

}  // namespace

std::vector<Outcome> check(std::span<const Experiment> experiments,
                           const Run& run,
                           const std::function<void(const Outcome&)>& tell) {
  std::vector<Outcome> outcomes;
  for (const Experiment& experiment : experiments) {
    run.report("check " + experiment.about.name,
               static_cast<std::int64_t>(outcomes.size()) + 1,
               static_cast<std::int64_t>(experiments.size()));
    outcomes.push_back(run_one(experiment, run));
    if (tell) tell(outcomes.back());
  }
  return outcomes;
}

}  // namespace tessera::lab
