#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace tessera::cli {
namespace {

constexpr const char* kGroup = "Model";

void add_path(CLI::App& app, const char* name, std::filesystem::path& path, const char* help) {
  app.add_option_function<std::string>(
         name, [&path](const std::string& text) { path = text; }, help)
      ->group(kGroup);
}

}  // namespace

void add_model_flags(CLI::App& app, engine::EngineOptions& options) {
  add_path(
      app,
      "-m,--model",
      options.model,
      "model folder, published checkpoint, or ORG/NAME that was pulled; left out: the shipped one");
  app.add_option("--device", options.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str()
      ->group(kGroup);
  app.add_option("-t,--threads", options.threads, "threads; 0 or less = one a physical core")
      ->transform([](const std::string& text) { return text.starts_with('-') ? "0" : text; })
      ->capture_default_str()
      ->group(kGroup);
}

void add_checkpoint_flags(CLI::App& app, engine::EngineOptions& options) {
  app.add_option("--weights", options.weights, "of an original checkpoint: ema or raw")
      ->capture_default_str()
      ->group(kGroup);
  add_path(app, "--codec", options.codec, "its image codec, where that is not found beside it");
  add_path(app, "--index-map", options.index_map, "the map of its used codes, likewise");
}

void add_published_flags(CLI::App& app, engine::EngineOptions& options) {
  app.add_option("--precision",
                 options.precision,
                 "of a large model: fp32; bf16 and fp16 of half the size; int8, fastest, to draw "
                 "on the CPU")
      ->capture_default_str()
      ->group(kGroup);
  add_checkpoint_flags(app, options);
  app.add_option("--tokenizer",
                 options.tokenizer,
                 "CLIP's: original, or with the faults of microsoft or hugging-face")
      ->capture_default_str()
      ->group(kGroup);
}

}  // namespace tessera::cli
