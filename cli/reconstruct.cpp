#include <cmath>
#include <memory>
#include <sstream>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/exit_code.h"
#include "core/error.h"
#include "engine/reconstruct_files.h"

namespace tessera::cli {
namespace {

struct ReconstructFlags {
  engine::ReconstructRun run{};
  bool json = false;
  engine::EngineOptions model{};
  ConsoleFlags console{};
};

int reconstruct(ReconstructFlags& flags, std::stop_token stop) {
  Console console(flags.console);
  const auto engine = engine::Engine::open(flags.model);
  std::int64_t failed = 0;
  std::int64_t written = 0;
  ErrorCode first_error = ErrorCode::kInternal;
  double decibels = 0;
  const auto on_picture = [&](const engine::ReconstructedFile& file) {
    if (file.failed) {
      if (failed++ == 0) first_error = file.code;
      console.fail(file.message);
      if (flags.json) console.result(file.json);
      return;
    }
    ++written;
    decibels += file.psnr;
    console.result(flags.json ? file.json : file.path.string());
    std::ostringstream line;
    line.precision(4);
    line << file.source.string() << ": PSNR " << file.psnr << " dB, " << file.codes
         << " different codes in " << file.tokens << " tokens";
    console.note(line.str());
  };
  engine::reconstruct_files(*engine, flags.run, on_picture, stop);
  if (written > 1)
    console.note(concat("mean PSNR ", decibels / static_cast<double>(written), " dB"));
  if (failed == 0) return kExitDone;
  return written > 0 ? kExitSome : exit_code(first_error);
}

}  // namespace

void add_reconstruct(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "reconstruct", "pictures to codes and back: what the codec keeps and what it loses");
  const auto flags = std::make_shared<ReconstructFlags>();
  command->add_option("PICTURE", flags->run.pictures, "pictures of any size")->required();
  command->add_option("-o,--out",
                      flags->run.naming.out,
                      "file or folder; left out: NAME-reconstructed.png beside each picture");
  command->add_flag("--overwrite", flags->run.naming.overwrite, "replace files that exist");
  command->add_flag(
      "--side-by-side", flags->run.side_by_side, "the picture and its reconstruction in one file");
  command->add_flag("--json", flags->json, "an object a picture: path, psnr, codes, tokens");
  add_model_flags(*command, flags->model);
  add_published_flags(*command, flags->model);
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera reconstruct output.png\n"
      "  tessera reconstruct photos/*.jpg --out reconstructed/ --side-by-side\n\n"
      "Sides that are no multiple of the codec's cell are cut down to one, in the middle.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) { return reconstruct(*flags, stop); };
  });
}

}  // namespace tessera::cli
