#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "cli/console.h"
#include "cli/eval/eval.h"
#include "cli/eval/processes.h"
#include "cli/flags/exit_code.h"
#include "cli/flags/parse.h"
#include "core/error.h"
#include "engine/distribution.h"

namespace tessera::cli {
namespace {

struct FidFlags {
  engine::DistributionEvaluation evaluation{};
  std::int64_t processes = 1;
  engine::EngineOptions machine{};  // device and threads alone
  ConsoleFlags console{};
  bool json = false;
};

/// A folder for the features of several processes where the user wants to keep none.
class PassingFolder {
 public:
  PassingFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("tessera-features-" + std::to_string(::getpid()))) {}
  ~PassingFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  PassingFolder(const PassingFolder&) = delete;
  PassingFolder& operator=(const PassingFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Divides the pictures among processes of this machine; afterwards the folder holds all features.
void divide(const FidFlags& flags, Console& console, const std::stop_token& stop) {
  console.note(concat("computing features in ", flags.processes, " processes"));
  run_processes(
      {.count = flags.processes,
       .threads = flags.evaluation.threads,
       .resume_folder = flags.evaluation.resume.string()},
      [] {},
      stop);
}

int evaluate(FidFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  engine::DistributionEvaluation& run = flags.evaluation;
  run.device = flags.machine.device;
  run.threads = flags.machine.threads;
  const ProcessRank rank = process_rank();
  run.rank = rank.rank;
  run.processes = rank.count;
  run.share_only = rank.of_pool;
  const PassingFolder passing;
  if (rank.count == 1 && flags.processes != 1) {
    if (run.resume.empty()) run.resume = passing.path();
    divide(flags, console, stop);
  }
  const engine::DistributionReport report =
      engine::evaluate_distribution(run, console.progress(), stop);
  if (!report.complete) return kExitDone;
  for (const std::string& warning : report.warnings) console.warn(warning);
  constexpr std::size_t kShown = 20;
  for (std::size_t k = 0; k < report.unreadable.size() && k < kShown; ++k) {
    console.fail(report.unreadable[k]);
  }
  if (!report.unreadable.empty()) {
    console.fail(concat(report.unreadable.size(),
                        " pictures could not be read and were left out",
                        report.unreadable.size() > kShown ? "; --json names all of them" : ""));
  }
  if (flags.json) {
    console.result(report.json);
  } else {
    for (const std::string& line : report.lines) console.result(line);
  }
  if (!run.save_stats.empty()) console.note(concat("statistics in ", run.save_stats.string()));
  return report.unreadable.empty() ? kExitDone : kExitSome;
}

void add_files(CLI::App& app, FidFlags& flags) {
  engine::DistributionEvaluation& run = flags.evaluation;
  app.add_option(
         "A",
         run.judged,
         "pictures that are judged: a folder, a list, packed data, FILE.npz, scenes[:SPLIT] "
         "or model[:NAME]")
      ->required();
  app.add_option("B", run.reference, "pictures that they are compared with, in the same forms");
  app.add_option(
         "--captions", run.captions, "prompts of a model's pictures, one a line; left out: B's")
      ->group("Files");
  app.add_option("--save-stats", run.save_stats, "FILE.npz for the statistics of A")
      ->group("Files");
  app.add_option("--resume",
                 run.resume,
                 "folder that keeps the features: an interrupted run goes on where it was, other "
                 "metrics need no new ones")
      ->group("Files");
  app.add_option(
         "--processes",
         flags.processes,
         "processes that share the work. RANK and WORLD_SIZE in the environment do the same "
         "across machines, through --resume")
      ->capture_default_str()
      ->group("Files");
}

}  // namespace

void add_eval_fid(CLI::App& eval, Action& action) {
  CLI::App* command = eval.add_subcommand(
      "fid", "how one set of pictures differs from another: FID, KID, precision, recall and more");
  const auto flags = std::make_shared<FidFlags>();
  add_files(*command, *flags);
  add_field_flags(*command, flags->evaluation, "Evaluation");
  command->add_flag("--json", flags->json, "one JSON object instead of a line a number");
  command->add_option("--device", flags->machine.device, "cpu, cuda, cuda:1 or auto")
      ->capture_default_str();
  command->add_option("--threads", flags->machine.threads, "0 = one a physical core")
      ->capture_default_str();
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera eval fid generated photos --features pt_inception-2015-12-05-6726825d.pth\n"
      "  tessera eval fid generated reference.npz --preprocess legacy-pytorch\n"
      "  tessera eval fid photos --save-stats photos.npz\n"
      "  tessera eval fid model scenes --count 2000 --features clip --metrics fid,kid,prdc\n"
      "  tessera eval fid generated photos --metrics fid,kid,is --resume features --processes 4\n\n"
      "Every line names what the number depends on: the features and the hash of their weights,\n"
      "how pictures were resized, and how many there were. Pictures that cannot be read are "
      "listed\n"
      "and left out; the exit code is then 4.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return evaluate(*flags, stop); };
  });
}

}  // namespace tessera::cli
