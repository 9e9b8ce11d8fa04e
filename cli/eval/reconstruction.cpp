#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/exit_code.h"
#include "cli/flags/parse.h"
#include "core/error.h"
#include "engine/reconstruction_evaluation.h"

namespace tessera::cli {
namespace {

struct ReconstructionFlags {
  engine::ReconstructionEvaluation evaluation{};
  ConsoleFlags console{};
  bool json = false;
};

int evaluate(const ReconstructionFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const auto warn = [&](const std::string& message) { console.warn(message); };
  const engine::ReconstructionReport done =
      engine::evaluate_reconstruction(flags.evaluation, warn, console.progress(), stop);
  if (flags.evaluation.lpips_backbone.empty() && !flags.json) {
    console.note(
        "LPIPS was not measured: it needs weights, --lpips-backbone and --lpips-heads "
        "(docs/evaluation.md)");
  }
  const std::string& table = done.report.table;
  console.result(flags.json ? done.report.json : table.substr(0, table.size() - 1));
  if (done.unreadable.empty()) return kExitDone;
  console.fail(concat(done.unreadable.size(),
                      " of ",
                      done.unreadable.size() + static_cast<std::size_t>(done.report.judged),
                      " pictures could not be read"));
  return kExitSome;
}

}  // namespace

void add_eval_reconstruction(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "reconstruction",
      "pass pictures through the codec and back: PSNR, SSIM, LPIPS, use of codes");
  const auto flags = std::make_shared<ReconstructionFlags>();
  engine::ReconstructionEvaluation& run = flags->evaluation;
  command->add_option("INPUT",
                      run.input,
                      "a folder of pictures, a list of files or a pack; left out: scenes of the "
                      "model's world");
  add_field_flags(*command, run, "Evaluation");
  command->add_option("--lpips-backbone",
                      run.lpips_backbone,
                      "for LPIPS: weights of AlexNet or VGG16 (.pth or .safetensors)");
  command->add_option("--lpips-heads", run.lpips_heads, "for LPIPS: its linear heads, version 0.1");
  command->add_option("--records", run.records, "JSONL file with a line a picture")
      ->group("Records");
  command->add_option("--pictures", run.pictures, "folder for what came back, as NNNNNN.png")
      ->group("Records");
  command->add_flag("--overwrite", run.overwrite, "replace the records that are there")
      ->group("Records");
  command->add_flag("--json", flags->json, "one JSON object instead of the tables");
  add_model_flags(*command, run.model);
  add_published_flags(*command, run.model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval reconstruction --count 500\n"
      "  tessera eval reconstruction photos --model runs/codec/model --count 0 --records p.jsonl\n"
      "  tessera eval reconstruction photos --lpips-backbone alexnet.pth --lpips-heads alex.pth\n\n"
      "Pictures that cannot be read are named and counted; then the exit code is 4.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
