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
    std::string with{};
    std::string decoder{};
    engine::ConvertRequest request{};
    engine::EngineOptions checkpoint{};
  };
  CLI::App* command =
      app.add_subcommand("convert", "store a model in another number type or layout");
  const auto flags = std::make_shared<Flags>();
  command
      ->add_option("MODEL", flags->from, "model folder, published checkpoint, or ORG/NAME pulled")
      ->required();
  command->add_option("-o,--out", flags->to, "new model folder")->required();
  command
      ->add_option("--type",
                   flags->request.type,
                   "fp32, bf16 or fp16; int8: one byte a weight, with a scale for each row")
      ->capture_default_str();
  command->add_option("--layout", flags->request.layout, "tessera or diffusers")
      ->capture_default_str();
  command->add_option("--with",
                      flags->with,
                      "a second model: the parts that the first lacks are added, such as another "
                      "path's; codec and tokenizer must be the same");
  command->add_option("--decoder",
                      flags->decoder,
                      "a codec's run or folder, whose decoder takes the place of the model's; "
                      "encoder and codebook must be the same (objective.parts = decoder)");
  add_checkpoint_flags(*command, flags->checkpoint);
  command->footer(
      "Examples:\n"
      "  tessera convert runs/starter/model --out my-model --type bf16\n"
      "  tessera convert my-model --with runs/ddpm/model --out both-paths\n"
      "  tessera convert my-model --decoder runs/sharper -o sharper --type int8\n"
      "  tessera convert coco_pretrained.pth --out coco --type fp16\n"
      "  tessera convert coco --out coco-diffusers --type fp32 --layout diffusers");
  command->callback([flags, &action] {
    action = [flags](std::stop_token) {
      engine::ConvertRequest request = flags->request;
      request.from = flags->from;
      request.to = flags->to;
      request.with = flags->with;
      request.decoder = flags->decoder;
      request.weights = flags->checkpoint.weights;
      request.codec = flags->checkpoint.codec;
      request.index_map = flags->checkpoint.index_map;
      engine::convert_model(request);
      Console({}).result(flags->to);
      return 0;
    };
  });
}

}  // namespace tessera::cli
