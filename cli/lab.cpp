#include "engine/lab.h"

#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/exit_code.h"

namespace tessera::cli {
namespace {

struct RunFlags {
  engine::LabRequest request{};
  bool json = false;
  ConsoleFlags console{};
};

void print_list(Console& console) {
  std::string topic;
  for (const engine::LabEntry& entry : engine::lab_experiments()) {
    if (entry.topic != topic) {
      console.result((topic.empty() ? "" : "\n") + entry.topic);
      topic = entry.topic;
    }
    console.result("  " + entry.name + "\n      " + entry.title);
    for (const auto& setting : entry.settings)
      console.result("      --set " + setting.key + "=" + setting.value + "  " + setting.help);
  }
}

void add_list(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("list", "every experiment with its settings");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as a JSON list");
  command->callback([json, &action] {
    action = [json](std::stop_token) {
      Console console({});
      if (*json) {
        console.result(engine::lab_experiments_json());
      } else {
        print_list(console);
      }
      return kExitDone;
    };
  });
}

int run_experiment(const RunFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const engine::LabResult result = engine::run_lab(flags.request, console.progress(), stop);
  if (flags.json) {
    console.result(result.json);
  } else {
    console.result(result.title + "\n\n" + result.table);
    for (const auto& file : result.files) console.result(file.string());
  }
  for (const std::string& complaint : result.complaints) console.fail(complaint);
  if (!result.unwritten.empty()) console.fail(result.unwritten);
  if (!result.complaints.empty()) return kExitFailure;
  return result.unwritten.empty() ? kExitDone : kExitInput;
}

void add_run(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "one experiment: measured against exact numbers");
  const auto flags = std::make_shared<RunFlags>();
  command->add_option("NAME", flags->request.name, "as `tessera lab list` tells")->required();
  command
      ->add_option("--set",
                   flags->request.settings,
                   "a setting of the experiment, key=value; as often as needed")
      ->allow_extra_args(false);
  command->add_option(
      "-o,--out", flags->request.out, "folder for NAME.png, NAME.svg, NAME.csv and NAME.json");
  command->add_flag("--full", flags->request.full, "larger samples, longer training");
  command->add_flag("--json", flags->json, "everything as one JSON object instead of the table");
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera lab run gaussian-densities\n"
      "  tessera lab run gaussian-densities --set correlation=-0.5 --out figures\n\n"
      "Exit code 1 where a value leaves its tolerance.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return run_experiment(*flags, stop); };
  });
}

int check(const ConsoleFlags& flags, std::stop_token stop) {
  Console console(flags);
  std::size_t failed = 0;
  const auto tell = [&](const engine::LabOutcome& outcome) {
    char line[160];
    std::snprintf(line,
                  sizeof line,
                  "%-4s %-34s %4zu values  %6.2f s",
                  outcome.passed ? "ok" : "NO",
                  outcome.name.c_str(),
                  outcome.rows,
                  outcome.seconds);
    console.result(line);
    for (const std::string& complaint : outcome.complaints)
      console.fail(outcome.name + ": " + complaint);
    if (!outcome.passed) ++failed;
  };
  const auto outcomes = engine::check_lab(tell, stop);
  console.result(std::to_string(outcomes.size() - failed) + " of " +
                 std::to_string(outcomes.size()) + " experiments hold");
  return failed == 0 ? kExitDone : kExitFailure;
}

void add_check(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("check", "every experiment in its quick form against its exact values");
  const auto flags = std::make_shared<ConsoleFlags>();
  add_console_flags(*command, *flags);
  command->footer("Exit code 1 where a value leaves its tolerance; those values are listed.");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token stop) { return check(*flags, stop); }; });
}

void add_gallery(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("gallery", "a page with the figure and the table of every experiment");
  struct Flags {
    std::string out{};
    ConsoleFlags console{};
  };
  const auto flags = std::make_shared<Flags>();
  command->add_option("-o,--out", flags->out, "folder for README.md and the figures")->required();
  add_console_flags(*command, flags->console);
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) {
      Console console(flags->console);
      const auto broken = engine::write_lab_gallery(flags->out, console.progress(), stop);
      console.result(flags->out + "/README.md");
      for (const std::string& name : broken) console.fail(name + ": a value left its tolerance");
      return broken.empty() ? kExitDone : kExitFailure;
    };
  });
}

}  // namespace

void add_lab(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("lab", "the theory of diffusion as experiments with exact answers");
  command->require_subcommand(1);
  add_list(*command, action);
  add_run(*command, action);
  add_check(*command, action);
  add_gallery(*command, action);
}

}  // namespace tessera::cli
