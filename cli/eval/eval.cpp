#include "cli/eval/eval.h"

#include <CLI/CLI.hpp>

namespace tessera::cli {
namespace {

using AddCommand = void (*)(CLI::App& eval, Action& action);

constexpr AddCommand kCommands[] = {
    add_eval_compositional,
    add_eval_reconstruction,
    add_eval_bpd,
    add_eval_clip_score,
    add_eval_clip_retrieval,
    add_eval_fid,
    add_eval_prompts,
    add_eval_compare,
};

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("eval", "measure how good a model is");
  command->require_subcommand(1);
  for (const AddCommand add : kCommands) add(*command, action);
}

}  // namespace tessera::cli
