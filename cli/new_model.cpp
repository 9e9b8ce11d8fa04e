#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "core/error.h"
#include "engine/convert.h"

namespace tessera::cli {

void add_new_model(CLI::App& app, Action& action) {
  struct Flags {
    std::string to{};
    bool random = false;
    engine::NewModelRequest request{};
  };
  CLI::App* command =
      app.add_subcommand("new-model", "make a model of a published one's shapes, random weights");
  const auto flags = std::make_shared<Flags>();
  command->add_option("--config", flags->request.config, engine::new_model_names())->required();
  command->add_flag("--random", flags->random, "draw the weights; there is no other way yet");
  command->add_option("-o,--out", flags->to, "new model folder")->required();
  command->add_option("--seed", flags->request.seed, "of the weights")->capture_default_str();
  command->add_option("--type", flags->request.type, "fp32, bf16 or fp16")->capture_default_str();
  command->add_option("--layout", flags->request.layout, "tessera or diffusers")
      ->capture_default_str();
  command->footer("Example:\n  tessera new-model --config ithq --random --type bf16 --out ithq");
  command->callback([flags, &action] {
    action = [flags](std::stop_token) {
      TESSERA_CHECK(flags->random,
                    kInvalidArgument,
                    "a new model can only be made with random weights so far: say --random");
      engine::NewModelRequest request = flags->request;
      request.to = flags->to;
      engine::write_random_model(request);
      Console({}).result(flags->to);
      return 0;
    };
  });
}

}  // namespace tessera::cli
