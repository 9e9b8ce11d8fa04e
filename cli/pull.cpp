#include "engine/pull.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/bytes_text.h"
#include "cli/flags/exit_code.h"
#include "core/error.h"

namespace tessera::cli {
namespace {

struct PullFlags {
  engine::PullRequest request{};
  bool json = false;
  ConsoleFlags console{};
};

std::string size_of(std::uint64_t bytes) {
  return bytes_text(static_cast<double>(bytes));
}

/// "ORG/NAME, revision main (3f796fb): 13 files, 5.95 GB, of which 5.44 GB are missing"
std::string summary_of(const engine::PullReport& report) {
  const std::string name = concat(
      report.repository, ", revision ", report.revision, " (", report.commit.substr(0, 7), "): ");
  if (report.offline) return name + "from the cache, without asking the server (HF_HUB_OFFLINE)";
  return concat(name,
                report.files.size(),
                report.files.size() == 1 ? " file, " : " files, ",
                size_of(report.bytes),
                report.missing == 0 ? ", all here"
                                    : ", of which " + size_of(report.missing) + " are missing");
}

int pull(const PullFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const engine::PullWatch watch{
      .planned = [&](const engine::PullReport& report) { console.note(summary_of(report)); },
      .progress = console.progress()};
  const engine::PullReport report = engine::pull_model(flags.request, watch, stop);
  if (flags.json) {
    console.result(engine::to_json(report));
  } else if (flags.request.dry_run) {
    for (const engine::PulledFile& file : report.files) {
      std::string size = size_of(file.bytes);
      size.insert(0, size.size() < 8 ? 8 - size.size() : 0, ' ');
      console.result(size + (file.missing == 0 ? "  here     " : "  missing  ") + file.path);
    }
  } else {
    console.result(report.folder.string());
  }
  return kExitDone;
}

}  // namespace

void add_pull(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("pull", "fetch a published model into the shared cache");
  const auto flags = std::make_shared<PullFlags>();
  engine::PullRequest& request = flags->request;
  command->add_option("MODEL", request.repository, "its name, ORG/NAME")->required();
  command->add_option("--revision", request.revision, "branch, tag or commit")
      ->capture_default_str();
  command->add_option("--variant",
                      request.variant,
                      "variant of the weights, such as fp16; left out: the plain ones");
  command->add_flag("--all", request.all, "every file, not only what Tessera reads");
  command->add_flag("--dry-run", request.dry_run, "list the files and their sizes, fetch nothing");
  command->add_flag("--json", flags->json, "the result as a JSON object");
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera pull microsoft/vq-diffusion-ithq --dry-run\n"
      "  tessera pull microsoft/vq-diffusion-ithq --variant fp16\n"
      "  tessera generate \"a teddy bear\" --model microsoft/vq-diffusion-ithq\n\n"
      "Prints the model's folder. A pull that was stopped goes on where it was. Variables: "
      "HF_ENDPOINT,\n"
      "HF_TOKEN, HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, https_proxy (docs/cli.md).");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token stop) { return pull(*flags, stop); }; });
}

}  // namespace tessera::cli
