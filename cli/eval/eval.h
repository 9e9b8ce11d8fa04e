#pragma once

#include "cli/command.h"

namespace tessera::cli {

// One function a sub-command of `tessera eval`, each in its own file of this folder; the table of
// eval.cpp lists them in the order of --help.
void add_eval_bpd(CLI::App& eval, Action& action);
void add_eval_clip_retrieval(CLI::App& eval, Action& action);
void add_eval_clip_score(CLI::App& eval, Action& action);
void add_eval_compare(CLI::App& eval, Action& action);
void add_eval_compositional(CLI::App& eval, Action& action);
void add_eval_fid(CLI::App& eval, Action& action);
void add_eval_prompts(CLI::App& eval, Action& action);
void add_eval_reconstruction(CLI::App& eval, Action& action);

}  // namespace tessera::cli
