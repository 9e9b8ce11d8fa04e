#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/parse.h"
#include "engine/evaluation.h"

namespace tessera::cli {
namespace {

struct Flags {
  engine::CompositionalEvaluation evaluation{};
  engine::EngineOptions model{};
  ConsoleFlags console{};
  bool json = false;
};

int evaluate(Flags& flags, std::stop_token stop) {
  Console console(flags.console);
  flags.evaluation.model = flags.model.model.string();
  flags.evaluation.device = flags.model.device;
  flags.evaluation.threads = flags.model.threads;
  console.result(engine::evaluate_compositional(flags.evaluation, console.progress(), stop));
  return 0;
}

}  // namespace

void add_eval_compositional(CLI::App& eval, Action& action) {
  CLI::App* compositional = eval.add_subcommand(
      "compositional", "draw captions of the model's world and read the pictures back by rules");
  const auto flags = std::make_shared<Flags>();
  add_field_flags(*compositional, flags->evaluation, "Evaluation");
  compositional->add_option("--sheet",
                            flags->evaluation.sheet,
                            "also a PNG of the pictures with their captions, green where right");
  compositional
      ->add_option("--sheet-pictures", flags->evaluation.sheet_pictures, "pictures of the sheet")
      ->capture_default_str();
  compositional->add_flag("--json", flags->json, "JSON on standard output; there is no other form");
  add_model_flags(*compositional, flags->model);
  add_console_flags(*compositional, flags->console);
  compositional->footer(
      "Examples:\n"
      "  tessera eval compositional --count 500 --split heldout --seed 1 --json\n"
      "  tessera eval compositional --count 64 --sheet judged.png\n"
      "  tessera eval compositional --source codec     the codec's ceiling\n"
      "  tessera eval compositional --source truth     the reader's ceiling\n\n"
      "Prints one JSON object: samples, object, colour, count, position, background, whole_scene "
      "as\n"
      "fractions (null where the world has none) and the settings.");
  compositional->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
