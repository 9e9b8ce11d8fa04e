// tessera: pictures from words, and the training, measuring and looking into of what makes them.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/flags/parse.h"
#include "cli/flags/run_guarded.h"
#include "cli/help_format.h"
#include "engine/installation.h"
#include "engine/version.h"

int main(int argc, char** argv) {
  using namespace tessera;
  return cli::run_guarded([&](std::stop_token stop) {
    CLI::App app("Pictures from words, by discrete diffusion.", "tessera");
    app.set_version_flag("--version", [] { return engine::version_text(); });
    app.set_config("--config", engine::settings_file().string(), "settings file: flags as TOML")
        ->envname("TESSERA_CONFIG");
    app.formatter(std::make_shared<cli::HelpFormat>());
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  tessera generate \"a red apple on a blue background\"\n"
        "  tessera generate --prompts prompts.txt --out 'pictures/%03d.png' --grid sheet.png\n"
        "  tessera info output.png\n"
        "  tessera train diffusion --config configs/starter-diffusion.json --out runs/starter\n\n"
        "Exit codes: 0 done, 1 failure, 2 wrong usage, 3 input or model missing or damaged,\n"
        "4 some of several failed, 5 device unavailable, 130 interrupted, 143 terminated.\n"
        "`tessera COMMAND --help` tells a command's flags.");
    cli::Action action;
    cli::add_generate(app, action);
    cli::add_info(app, action);
    cli::add_verify(app, action);
    cli::add_reconstruct(app, action);
    cli::add_train(app, action);
    cli::add_eval(app, action);
    cli::add_data(app, action);
    cli::add_convert(app, action);
    cli::add_new_model(app, action);
    cli::add_pull(app, action);
    cli::add_models(app, action);
    cli::add_lab(app, action);
    if (const auto code = cli::parse(app, argc, argv)) return *code;
    return action(stop);
  });
}
