#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lab/experiment.h"

namespace tessera::lab {

/// How one experiment fared.
struct Outcome {
  std::string name{};
  double seconds = 0.0;
  std::size_t rows = 0;
  std::vector<Row> broken{};  // the rows that do not hold
  std::string error{};        // what the experiment threw; "" = nothing

  bool passed() const { return error.empty() && broken.empty() && rows > 0; }
};

/// Runs each experiment with its defaults and `run`'s effort, and tells of each as it ends. A
/// failing one does not stop the others; kCancelled does.
std::vector<Outcome> check(std::span<const Experiment> experiments,
                           const Run& run,
                           const std::function<void(const Outcome&)>& tell);

}  // namespace tessera::lab
