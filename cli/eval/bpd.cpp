#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/parse.h"
#include "engine/bits_evaluation.h"

namespace tessera::cli {
namespace {

struct BpdFlags {
  engine::BitsEvaluation evaluation{};
  ConsoleFlags console{};
  bool json = false;
};

int evaluate(const BpdFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const engine::EvaluationReport report =
      engine::evaluate_bits(flags.evaluation, console.progress(), stop);
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  return 0;
}

}  // namespace

void add_eval_bpd(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "bpd", "how many bits the model needs for held-out pictures: its variational bound");
  const auto flags = std::make_shared<BpdFlags>();
  command->add_option("INPUT",
                      flags->evaluation.input,
                      "captioned pictures (a folder or list) or a pack; left out: scenes of the "
                      "model's world");
  add_field_flags(*command, flags->evaluation, "Evaluation");
  command->add_flag("--json", flags->json, "one JSON object, with every time, instead of tables");
  add_model_flags(*command, flags->evaluation.model);
  add_published_flags(*command, flags->evaluation.model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval bpd --count 200\n"
      "  tessera eval bpd --times 0 --count 50 --json       every time of the chain\n"
      "  tessera eval bpd --captions none                   without what the caption tells\n\n"
      "The bound is of the codes: what the codec loses is not in it (see eval reconstruction).");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
