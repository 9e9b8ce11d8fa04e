#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/parse.h"
#include "engine/prompt_evaluation.h"

namespace tessera::cli {
namespace {

struct PromptsFlags {
  engine::PromptEvaluation evaluation{};
  ConsoleFlags console{};
  bool json = false;
};

int evaluate(PromptsFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const engine::EvaluationReport report =
      engine::evaluate_prompts(flags.evaluation, console.progress(), stop);
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  return 0;
}

}  // namespace

void add_eval_prompts(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "prompts", "draw prompts as people write them, word for word and as they are read");
  const auto flags = std::make_shared<PromptsFlags>();
  command->add_option("--file",
                      flags->evaluation.file,
                      "prompts and what their pictures have to show; left out: the shipped ones");
  add_field_flags(*command, flags->evaluation, "Evaluation");
  command->add_flag("--json", flags->json, "one JSON object instead of the table, a row a prompt");
  add_model_flags(*command, flags->evaluation.model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval prompts\n"
      "  tessera eval prompts --count 4 --json > prompts.json");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
