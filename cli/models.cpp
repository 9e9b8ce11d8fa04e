#include "engine/models.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/bytes_text.h"
#include "cli/flags/exit_code.h"

namespace tessera::cli {
namespace {

/// "NAME  ORIGIN  SIZE  FOLDER" in columns.
void print_table(Console& console, const std::vector<engine::LocalModel>& models) {
  std::size_t name_width = 0;
  const auto name_of = [](const engine::LocalModel& model) {
    return model.name.empty() ? std::string("(default)") : model.name;
  };
  for (const auto& model : models) name_width = std::max(name_width, name_of(model).size());
  for (const auto& model : models) {
    std::string line = name_of(model);
    line.resize(name_width + 2, ' ');
    line += model.origin;
    line.resize(name_width + 13, ' ');
    const std::string size = bytes_text(static_cast<double>(model.bytes));
    line.append(size.size() < 8 ? 8 - size.size() : 0, ' ');
    console.result(line + size + "  " + model.folder.string());
  }
}

}  // namespace

void add_models(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("models", "list the models that are on this machine");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "as a JSON list");
  command->footer(
      "Lists the shipped model, those in ~/.local/share/tessera/models, and the published ones "
      "that\n"
      "`tessera pull` or another program put into the shared cache. The first column is the value "
      "for\n"
      "--model.");
  command->callback([json, &action] {
    action = [json](std::stop_token) {
      Console console({});
      const auto models = engine::list_models();
      if (*json) {
        console.result(engine::to_json(models));
      } else {
        print_table(console, models);
      }
      return kExitDone;
    };
  });
}

}  // namespace tessera::cli
