#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/eval/processes.h"
#include "cli/flags/parse.h"
#include "core/error.h"
#include "engine/evaluation.h"

namespace tessera::cli {
namespace {

struct CompositionalFlags {
  engine::CompositionalEvaluation evaluation{};
  std::int64_t processes = 1;
  engine::EngineOptions model{};
  ConsoleFlags console{};
  bool json = false;
};

/// Divides the pictures among processes of this machine; afterwards the records are whole.
void divide(CompositionalFlags& flags, Console& console, const std::stop_token& stop) {
  engine::CompositionalEvaluation& run = flags.evaluation;
  TESSERA_CHECK(!run.records.empty(),
                kInvalidArgument,
                "--processes needs --records FILE, through which the processes share their work");
  TESSERA_CHECK(!run.overwrite, kInvalidArgument, "--processes cannot be used with --overwrite");
  TESSERA_CHECK(run.resume || engine::evaluated_pictures(run.records) == 0,
                kInvalidArgument,
                run.records.string(),
                ": there are records already; --resume goes on with them");
  const ProgressSink progress = console.progress();
  const auto watch = [&] {
    if (!progress) return;
    progress(
        {.stage = "evaluate", .step = engine::evaluated_pictures(run.records), .total = run.count});
  };
  run_processes({.count = flags.processes, .threads = flags.model.threads}, watch, stop);
  run.resume = true;
}

int evaluate(CompositionalFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  engine::CompositionalEvaluation& run = flags.evaluation;
  run.model = flags.model.model.string();
  run.device = flags.model.device;
  run.threads = flags.model.threads;
  const ProcessRank rank = process_rank();
  run.rank = rank.rank;
  run.processes = rank.count;
  if (rank.count == 1 && flags.processes != 1) divide(flags, console, stop);
  const engine::EvaluationReport report =
      engine::evaluate_compositional(run, console.progress(), stop);
  if (!report.complete) {
    console.note(concat("process ",
                        rank.rank,
                        " of ",
                        rank.count,
                        ": ",
                        report.judged,
                        " pictures judged; whoever ends last prints the report"));
    return 0;
  }
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  return 0;
}

void add_record_flags(CLI::App& app, CompositionalFlags& flags) {
  engine::CompositionalEvaluation& run = flags.evaluation;
  app.add_option("--records", run.records, "JSONL file with a line a picture")->group("Records");
  app.add_option("--pictures", run.pictures, "folder for the pictures as NNNNNN.png")
      ->group("Records");
  app.add_flag("--resume", run.resume, "go on with the records that are there")->group("Records");
  app.add_flag("--overwrite", run.overwrite, "replace the records that are there")
      ->group("Records");
  app.add_option("--processes",
                 flags.processes,
                 "processes that share the work; needs --records. RANK and WORLD_SIZE in the "
                 "environment do the same across machines")
      ->capture_default_str()
      ->group("Records");
}

}  // namespace

void add_eval_compositional(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "compositional", "draw captions of the model's world and read the pictures back by rules");
  const auto flags = std::make_shared<CompositionalFlags>();
  add_field_flags(*command, flags->evaluation, "Evaluation");
  command->add_option("--sheet",
                      flags->evaluation.sheet,
                      "also a PNG of the pictures with their captions, green where right");
  command->add_option("--sheet-pictures", flags->evaluation.sheet_pictures, "pictures of the sheet")
      ->capture_default_str();
  command
      ->add_option("--rerank",
                   flags->evaluation.rerank,
                   "draw so many candidates a caption and keep the one that a CLIP finds closest")
      ->capture_default_str();
  command->add_option(
      "--clip", flags->evaluation.clip, "CLIP of --rerank; left out: the shipped one");
  command
      ->add_option("--precision",
                   flags->evaluation.precision,
                   "of the model: fp32, bf16, fp16, or int8 of the products that draw")
      ->capture_default_str();
  add_record_flags(*command, *flags);
  command->add_flag("--json", flags->json, "one JSON object instead of the table");
  add_model_flags(*command, flags->model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval compositional --count 500 --split heldout --seed 1\n"
      "  tessera eval compositional --count 64 --sheet judged.png\n"
      "  tessera eval compositional --source codec     the codec's ceiling\n"
      "  tessera eval compositional --source truth     the reader's ceiling\n"
      "  tessera eval compositional --count 5000 --records a.jsonl --processes 8\n"
      "  tessera eval compositional --count 5000 --records a.jsonl --resume   after an "
      "interrupt\n\n"
      "Prints a table of the shares with Wilson's 95 % intervals; --json: samples, object, "
      "colour,\n"
      "count, position, background, number, whole_scene as fractions (null where the world has\n"
      "none), their intervals, and the settings.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
