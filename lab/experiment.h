#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "core/progress.h"
#include "lab/findings.h"
#include "lab/settings.h"

namespace tessera::lab {

/// How much work a run may be.
enum class Effort : unsigned char {
  kQuick,  // a second or two on one core; what `tessera lab check` and the test run
  kFull,   // as long as it takes: larger samples, longer training
};

/// What an experiment is given besides its options.
struct Run {
  Effort effort = Effort::kQuick;
  std::filesystem::path atlas{};  // of the scene renderer, for experiments on real pictures
  std::filesystem::path model{};  // folder of the starter model, for experiments on text to image
  ProgressSink progress{};        // may be empty
  std::stop_token stop{};         // a run that is stopped throws kCancelled

  bool full() const { return effort == Effort::kFull; }
  /// Throws kCancelled where the run was stopped; for loops that take longer than a second.
  void check_stop() const;
  /// check_stop(), and a report where someone listens.
  void report(const std::string& stage, std::int64_t step, std::int64_t total) const;
};

/// The words of an experiment.
struct About {
  std::string name{};   // "noise-merging": small letters, digits and hyphens
  std::string topic{};  // "groundwork", "forward process", …: the section of list and gallery
  std::string title{};  // one sentence: what is shown
  std::string text{};   // a paragraph, Markdown: the theory, how to read the figure
  std::vector<std::string> shows{};  // the statements that it settles, a phrase each
};

/// One piece of the theory as a program: a value of the registry's table.
struct Experiment {
  About about{};
  std::vector<Setting> settings{};  // with their defaults
  std::function<Findings(std::span<const Assignment> assignments, const Run& run)> run{};
};

/// Binds an options struct (a `visit_fields`, maybe a `validate`) to the function that runs it.
template <typename Options>
Experiment make_experiment(About about,
                           Findings (*run)(const Options& options, const Run& context)) {
  Experiment experiment{.about = std::move(about), .settings = list_settings(Options{})};
  experiment.run = [name = experiment.about.name, run](std::span<const Assignment> assignments,
                                                       const Run& context) {
    return run(apply_settings<Options>(name, assignments), context);
  };
  return experiment;
}

}  // namespace tessera::lab
