#include <memory>

#include <CLI/CLI.hpp>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/flags/parse.h"
#include "core/error.h"
#include "engine/comparison.h"

namespace tessera::cli {
namespace {

struct CompareFlags {
  engine::ComparisonRequest request{};
  ConsoleFlags console{};
  bool json = false;
};

int compare(const CompareFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const engine::ComparisonReport report = engine::compare(flags.request, console.progress(), stop);
  if (report.missing_pictures > 0) {
    console.warn(
        concat(report.missing_pictures,
               " pictures that the records name cannot be read; the page leaves them out"));
  }
  console.result(flags.json ? report.json : report.table.substr(0, report.table.size() - 1));
  if (!flags.request.page.empty()) console.note("page: " + flags.request.page.string());
  if (!flags.request.table.empty()) console.note("table: " + flags.request.table.string());
  return 0;
}

}  // namespace

void add_eval_compare(CLI::App& eval, Action& action) {
  CLI::App* command =
      eval.add_subcommand("compare", "two models or two files of records, pair by pair");
  const auto flags = std::make_shared<CompareFlags>();
  engine::ComparisonRequest& request = flags->request;
  command->add_option("A", request.a, "FILE.jsonl of records, or a model as --model takes it")
      ->required();
  command->add_option("B", request.b, "the same; B − A is reported")->required();
  add_field_flags(*command, request, "Comparison");
  command->add_option("--name-a", request.name_a, "what the report calls A");
  command->add_option("--name-b", request.name_b, "what the report calls B");
  command->add_option("--html", request.page, "one HTML page with plots and pictures inside");
  command->add_option("--csv", request.table, "a line a metric");
  command->add_flag("--overwrite", request.overwrite, "replace files that exist");
  command->add_flag("--json", flags->json, "one JSON object instead of the table");
  command->add_option("--device", request.device, "models: cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  command->add_option("--threads", request.threads, "models: threads; 0 = one a core")
      ->capture_default_str();
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval compare models/default runs/mine/model --count 500 --html compared.html\n"
      "  tessera eval compare before.jsonl after.jsonl --csv compared.csv\n\n"
      "Records come from eval compositional, eval reconstruction and eval clip-score; rows are\n"
      "paired by their index and must be of the same prompt or picture.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return compare(*flags, stop); };
  });
}

}  // namespace tessera::cli
