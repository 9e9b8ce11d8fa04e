#include <cmath>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/train_flags.h"
#include "core/error.h"
#include "engine/training.h"

namespace tessera::cli {
namespace {

struct TrainCommand {
  TrainFlags train{};
  std::string data{};
  bool auto_resume = false;
  ConsoleFlags console{};
};

int train(const TrainCommand& flags, std::stop_token stop) {
  Console console(flags.console);
  const bool holds_a_run =
      std::filesystem::exists(std::filesystem::path(flags.train.out) / "checkpoints");
  const engine::TrainingSummary done =
      engine::run_training({.stage = flags.train.stage,
                            .config = flags.train.config,
                            .out = flags.train.out,
                            .data = flags.data,
                            .resume = flags.train.resume || (flags.auto_resume && holds_a_run),
                            .device = flags.train.device,
                            .threads = flags.train.threads,
                            .overrides = parse_overrides(flags.train.set)},
                           console.progress(),
                           stop);
  if (flags.train.stage == "tokenizer") {
    console.note(
        concat(done.steps, " captions read in ", std::round(done.seconds * 10) / 10, " s"));
  } else {
    console.note(concat(done.stopped ? "stopped and saved after step " : "done: step ",
                        done.steps,
                        ", loss ",
                        done.loss,
                        ", ",
                        std::round(done.seconds),
                        " s",
                        done.stopped ? "; go on with --resume --out " + flags.train.out : ""));
  }
  console.result(done.model.string());
  return 0;
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("train", "train one stage of a model");
  const auto flags = std::make_shared<TrainCommand>();
  add_train_flags(*command, flags->train, {"tokenizer", "vqvae", "diffusion", "ddpm", "clip"});
  command->get_option("stage")->required();
  command->add_option(
      "--data",
      flags->data,
      "your own pictures over the configuration's data: a folder with captions beside the "
      "pictures, metadata.jsonl, CSV, COCO captions or a pack; tokenizer: also a text file");
  command->add_flag(
      "--auto-resume", flags->auto_resume, "resume where --out holds a run, else begin");
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples, in this order:\n"
      "  tessera train tokenizer --config configs/starter-tokenizer.json --out runs/tokenizer\n"
      "  tessera train vqvae --config configs/starter-vqvae.json --out runs/codec\n"
      "  tessera train diffusion --config configs/starter-diffusion.json --out runs/starter\n"
      "  tessera train ddpm --config configs/starter-ddpm.json --out runs/ddpm\n"
      "  tessera train clip --config configs/starter-clip.json --out runs/clip\n"
      "  tessera generate \"a red apple\" --model runs/starter/model\n"
      "  tessera train vqvae --config configs/tiny.json --data photos --set train.steps=500 --out "
      "run\n\n"
      "Ctrl-C finishes the step, saves and exits; --resume goes on exactly where it stopped.\n"
      "The folder of the finished parts is printed on standard output.");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token stop) { return train(*flags, stop); }; });
}

}  // namespace tessera::cli
