#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "engine/file_info.h"

namespace tessera::cli {

void add_info(CLI::App& app, Action& action) {
  struct Flags {
    std::vector<std::string> paths{};
    bool json = false;
    bool check = false;
  };
  CLI::App* command =
      app.add_subcommand("info", "tell what a picture, model, run or weights file holds");
  const auto flags = std::make_shared<Flags>();
  command->add_option("PATH", flags->paths, "picture, model folder, run folder or weights file")
      ->required();
  command->add_flag("--json", flags->json, "as JSON, an object a path");
  command->add_flag("--check", flags->check, "compare a model's files with the hashes of its card");
  command->footer(
      "Examples:\n"
      "  tessera info output.png\n"
      "  tessera info models/default --check\n"
      "  tessera info --json runs/starter/model/vqvae/model.safetensors");
  command->callback([flags, &action] {
    action = [flags](std::stop_token) {
      Console console({});
      for (const std::string& path : flags->paths) {
        const engine::FileInfo info = engine::describe_file(path);
        console.result(flags->json ? info.json : info.text);
        if (!flags->check) continue;
        engine::check_model_folder(path);
        console.note(path + ": every file is as the card says");
      }
      return 0;
    };
  });
}

}  // namespace tessera::cli
