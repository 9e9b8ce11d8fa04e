#include "engine/convert.h"

#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"

namespace tessera::cli {

void add_convert(CLI::App& app, Action& action) {
  struct Flags {
    std::string from{};
    std::string to{};
    std::string type = "bf16";
  };
  CLI::App* command =
      app.add_subcommand("convert", "store a model's weights in another number type");
  const auto flags = std::make_shared<Flags>();
  command->add_option("MODEL", flags->from, "model folder")->required();
  command->add_option("-o,--out", flags->to, "new model folder")->required();
  command->add_option("--type", flags->type, "fp32, bf16 or fp16")->capture_default_str();
  command->footer("Example:\n  tessera convert runs/starter/model --out my-model --type bf16");
  command->callback([flags, &action] {
    action = [flags](std::stop_token) {
      engine::convert_model(flags->from, flags->to, flags->type);
      Console({}).result(flags->to);
      return 0;
    };
  });
}

}  // namespace tessera::cli
