#pragma once

#include "cli/command.h"

namespace tessera::cli {

// One function a sub-command of `tessera eval`, each in its own file of this folder; the table of
// eval.cpp lists them in the order of --help.
void add_eval_compositional(CLI::App& eval, Action& action);

}  // namespace tessera::cli
