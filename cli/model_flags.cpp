#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace tessera::cli {

void add_model_flags(CLI::App& app, ModelFlags& flags) {
  const std::string group = "Model";
  app.add_option("-m,--model",
                 flags.model,
                 "model folder, or ORG/NAME of a pulled one; left out: the shipped one")
      ->group(group);
  app.add_option("--device", flags.device, "cpu, cuda, cuda:N or auto")
      ->capture_default_str()
      ->group(group);
  app.add_option("-t,--threads", flags.threads, "threads; 0 or less = one a physical core")
      ->transform([](const std::string& text) { return text.starts_with('-') ? "0" : text; })
      ->capture_default_str()
      ->group(group);
}

}  // namespace tessera::cli
