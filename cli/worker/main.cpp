// tessera-worker: training on a machine that has nothing but LibTorch.
#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/flags/parse.h"
#include "cli/flags/progress_line.h"
#include "cli/flags/run_guarded.h"
#include "cli/flags/train_flags.h"
#include "jobs/jobs.h"

int main(int argc, char** argv) {
  return tessera::cli::run_guarded([&](std::stop_token stop) {
    CLI::App app("Tessera's trainer for bare nodes: needs LibTorch alone", "tessera-worker");
    app.set_version_flag("--version", "tessera-worker " TESSERA_VERSION);
    app.require_subcommand(1);
    tessera::cli::TrainFlags flags;
    CLI::App* train = app.add_subcommand("train", "train one stage of a model");
    tessera::cli::add_train_flags(*train, flags);
    if (const auto code = tessera::cli::parse(app, argc, argv)) return *code;

    tessera::cli::ProgressLine line(std::cerr, tessera::cli::ProgressStyle::for_stderr());
    const auto summary =
        tessera::jobs::run_training({.stage = flags.stage,
                                     .config = flags.config,
                                     .out = flags.out,
                                     .resume = flags.resume,
                                     .device = flags.device,
                                     .threads = flags.threads,
                                     .overrides = tessera::cli::parse_overrides(flags.set)},
                                    line.sink(),
                                    stop);
    line.finish();
    std::printf("%s\n", summary.model.c_str());
    return 0;
  });
}
