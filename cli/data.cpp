#include <memory>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/flags/parse.h"
#include "core/error.h"
#include "engine/data_tools.h"
#include "engine/image_files.h"
#include "engine/output_names.h"

namespace tessera::cli {
namespace {

struct ChoiceFlags {
  engine::DataChoice choice{};
  std::string out{};
  int columns = 0;
  bool overwrite = false;
  ConsoleFlags console{};
};

void add_choice_flags(CLI::App& app, ChoiceFlags& flags) {
  app.add_option("INPUT",
                 flags.choice.path,
                 "your own pictures: a folder, a list or a pack; left out: emoji scenes");
  app.add_option("--world", flags.choice.model, "the world that this model's card names");
  add_field_flags(app, flags.choice, "Samples");
  add_console_flags(app, flags.console);
}

int preview(const ChoiceFlags& flags) {
  Console console(flags.console);
  const auto file =
      engine::name_pictures({{}}, {.out = flags.out, .overwrite = flags.overwrite}).front();
  engine::prepare_folders({file});
  engine::write_png(file, engine::preview_data(flags.choice, flags.columns));
  console.result(file.string());
  return 0;
}

void add_preview(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("preview", "one sheet of samples with their captions");
  const auto flags = std::make_shared<ChoiceFlags>();
  add_choice_flags(*command, *flags);
  command->add_option(
      "-o,--out", flags->out, "PNG file; left out: output.png or the next free name");
  command->add_option("--columns", flags->columns, "columns; 0 = as square as can be")
      ->capture_default_str();
  command->add_flag("--overwrite", flags->overwrite, "replace a file that exists");
  command->footer(
      "Examples:\n"
      "  tessera data preview --count 36 --out scenes.png\n"
      "  tessera data preview --world models/default --split heldout --out heldout.png\n"
      "  tessera data preview photos --out photos.png");
  command->callback(
      [flags, &action] { action = [flags](std::stop_token) { return preview(*flags); }; });
}

void add_export(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("export", "write samples as PNG files with captions beside them");
  const auto flags = std::make_shared<ChoiceFlags>();
  add_choice_flags(*command, *flags);
  command
      ->add_option("-o,--out",
                   flags->out,
                   "new or empty folder, or one with an unfinished export of the same samples")
      ->required();
  command->footer(
      "Example:\n"
      "  tessera data export --count 1000 --split heldout --out scenes\n\n"
      "Writes NNNNNN.png, NNNNNN.txt and metadata.jsonl. After an interrupt the same command goes "
      "on; files are never written over.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) {
      Console console(flags->console);
      const auto written = engine::export_data(flags->choice, flags->out, console.progress(), stop);
      console.note(concat(written, " pictures"));
      console.result(flags->out);
      return 0;
    };
  });
}

struct PackFlags {
  std::string input{};
  std::string out{};
  engine::PackChoice choice{};
  ConsoleFlags console{};
};

void add_pack(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("pack", "pack your own pictures for fast training");
  const auto flags = std::make_shared<PackFlags>();
  command
      ->add_option(
          "INPUT",
          flags->input,
          "folder of pictures with .txt or .caption files beside them or with metadata.jsonl or "
          ".csv; or a .jsonl, .csv or COCO captions .json file")
      ->required();
  command->add_option("-o,--out", flags->out, "new folder")->required();
  command->add_option("--images",
                      flags->choice.images,
                      "folder of the pictures that a list names; left out: the list's own");
  add_field_flags(*command, flags->choice, "Packing");
  add_console_flags(*command, flags->console);
  command->footer(
      "Examples:\n"
      "  tessera data pack photos --resolution 64 --out photos.pack\n"
      "  tessera data pack annotations/captions_val2017.json --images val2017 --out coco.pack\n\n"
      "Pictures that cannot be read are named, skipped and counted.");
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) {
      Console console(flags->console);
      const engine::PackSummary done =
          engine::pack_data(flags->input, flags->choice, flags->out, console.progress(), stop);
      console.note(concat(
          done.images, " pictures, ", done.samples, " captions, ", done.skipped, " skipped"));
      console.result(flags->out);
      return 0;
    };
  });
}

}  // namespace

void add_data(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("data", "look at, write out and pack training data");
  command->require_subcommand(1);
  add_preview(*command, action);
  add_export(*command, action);
  add_pack(*command, action);
}

}  // namespace tessera::cli
