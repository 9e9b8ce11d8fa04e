#pragma once

#include <string>
#include <vector>

#include "lab/experiment.h"

namespace tessera::lab {

/// The one table of experiments, in the order of the theory.
const std::vector<Experiment>& experiments();

/// Throws kInvalidArgument for a name that the table does not have: lists the known, with the
/// nearest.
const Experiment& find_experiment(const std::string& name);

}  // namespace tessera::lab
