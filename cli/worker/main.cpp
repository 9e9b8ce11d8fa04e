// tessera-worker: training, judging and measuring on a machine that has nothing but LibTorch.
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/flags/parse.h"
#include "cli/flags/progress_line.h"
#include "cli/flags/run_guarded.h"
#include "cli/flags/train_flags.h"
#include "jobs/compositional_run.h"
#include "jobs/device_probe.h"
#include "jobs/jobs.h"

namespace tessera::cli {
namespace {

using Action = std::function<void(std::stop_token)>;

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("train", "train one stage of a model");
  const auto flags = std::make_shared<TrainFlags>();
  add_train_flags(*command, *flags);
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) {
      ProgressLine line(std::cerr, ProgressStyle::for_stderr());
      const auto summary = jobs::run_training({.stage = flags->stage,
                                               .config = flags->config,
                                               .out = flags->out,
                                               .resume = flags->resume,
                                               .device = flags->device,
                                               .threads = flags->threads,
                                               .overrides = parse_overrides(flags->set)},
                                              line.sink(),
                                              stop);
      line.finish();
      std::printf("%s\n", summary.model.c_str());
    };
  });
}

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "eval", "draw captions of a model's world and read the pictures back by rules");
  const auto flags = std::make_shared<jobs::CompositionalRun>();
  jobs::CompositionalRequest& request = flags->request;
  command->add_option("--model", request.model, "model folder, or a codec's run")->required();
  command->add_option("--count", request.count, "captions that are drawn")->capture_default_str();
  command->add_option("--split", request.split, "heldout, heldout:CLASS, train or all")
      ->capture_default_str();
  command->add_option("--seed", request.seed, "of captions and pictures")->capture_default_str();
  command->add_option("--batch", request.batch, "pictures a forward pass")->capture_default_str();
  command->add_option("--source", request.source, "model, codec or truth")->capture_default_str();
  add_field_flags(*command, request.sampling, "Sampling");
  command
      ->add_option("--precision",
                   request.precision,
                   "of the model: fp32, bf16, fp16, or int8 of the products that draw (CPU)")
      ->capture_default_str();
  command->add_option("--rerank", flags->rerank, "candidates a caption, of which a CLIP keeps one");
  command->add_option("--clip", flags->clip, "CLIP of --rerank; left out: the shipped one");
  command->add_option("--device", request.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  command->add_option("--threads", request.threads, "0 = one a core")->capture_default_str();
  command->callback([flags, &action] {
    action = [flags](std::stop_token stop) {
      ProgressLine line(std::cerr, ProgressStyle::for_stderr());
      const std::string report = jobs::run_compositional(*flags, line.sink(), stop).json;
      line.finish();
      std::printf("%s\n", report.c_str());
    };
  });
}

void add_probe(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "probe", "measure what a device can do at most: products, copies, launches");
  struct Flags {
    std::string device = "auto";
    int threads = 0;
  };
  const auto flags = std::make_shared<Flags>();
  command->add_option("--device", flags->device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str();
  command->add_option("--threads", flags->threads, "0 = one a core")->capture_default_str();
  command->callback([flags, &action] {
    action = [flags](std::stop_token) {
      std::printf("%s\n", jobs::probe_device(flags->device, flags->threads).c_str());
    };
  });
}

}  // namespace
}  // namespace tessera::cli

int main(int argc, char** argv) {
  return tessera::cli::run_guarded([&](std::stop_token stop) {
    CLI::App app("Tessera's trainer for bare nodes: needs LibTorch alone", "tessera-worker");
    app.set_version_flag("--version", "tessera-worker " TESSERA_VERSION);
    app.require_subcommand(1);
    tessera::cli::Action action;
    tessera::cli::add_train(app, action);
    tessera::cli::add_eval(app, action);
    tessera::cli::add_probe(app, action);
    if (const auto code = tessera::cli::parse(app, argc, argv)) return *code;
    action(stop);
    return 0;
  });
}
