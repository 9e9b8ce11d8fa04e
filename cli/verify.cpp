#include "engine/verify.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/exit_code.h"
#include "core/error.h"
#include "engine/engine.h"

namespace tessera::cli {
namespace {

struct VerifyFlags {
  std::vector<std::string> files{};
  engine::EngineOptions model{};
  ConsoleFlags console{};
};

int verify(const VerifyFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const auto engine = engine::Engine::open(flags.model);
  bool all_equal = true;
  for (const std::string& file : flags.files) {
    const engine::Verification found =
        engine::verify_picture(*engine, file, console.progress(), stop);
    for (const std::string& note : found.notes) console.note(file + ": " + note);
    console.result(found.equal ? file + ": the same pixels"
                               : concat(file,
                                        ": differs in ",
                                        found.different,
                                        " values, by ",
                                        found.greatest,
                                        " of 255 at most"));
    all_equal = all_equal && found.equal;
  }
  return all_equal ? kExitDone : kExitFailure;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("verify", "draw a picture again from its metadata and compare the pixels");
  const auto flags = std::make_shared<VerifyFlags>();
  command->add_option("FILE", flags->files, "pictures made by tessera generate")->required();
  add_model_flags(*command, flags->model);
  add_published_flags(*command, flags->model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Example:\n"
      "  tessera verify output.png\n\n"
      "Answers 0 where every pixel is the same, 1 where one differs.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return verify(*flags, stop); };
  });
}

}  // namespace tessera::cli
