#include "cli/flags/train_flags.h"

#include <CLI/CLI.hpp>

#include "core/error.h"

namespace tessera::cli {

void add_train_flags(CLI::App& app, TrainFlags& flags, const std::vector<std::string>& stages) {
  app.add_option("stage", flags.stage, "what is trained; left out: as the configuration says")
      ->check(CLI::IsMember(stages));
  app.add_option("--config", flags.config, "configuration (JSON); with --resume: the run's own");
  app.add_option("--out", flags.out, "folder of the run")->required();
  app.add_flag("--resume", flags.resume, "go on after the run's newest checkpoint");
  app.add_option("--device", flags.device, "cpu, cuda, cuda:N or auto")->capture_default_str();
  app.add_option("--threads", flags.threads, "threads; 0 = one a core")->capture_default_str();
  app.add_option("--set", flags.set, "section.key=value, over the configuration; may be repeated")
      ->allow_extra_args(false);
}

std::map<std::string, std::string> parse_overrides(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> overrides;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    TESSERA_CHECK(equals != std::string::npos && equals > 0,
                  kInvalidArgument,
                  "--set must be section.key=value, got \"",
                  text,
                  "\"");
    overrides[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return overrides;
}

}  // namespace tessera::cli
