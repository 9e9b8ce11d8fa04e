#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tessera::cli {

/// Help as a page that fits a terminal: a flag and its default on the left, words wrapped beside
/// it, nothing on environment variables and exclusions.
class HelpFormat final : public CLI::Formatter {
 public:
  HelpFormat();
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_group(std::string group,
                         bool is_positional,
                         std::vector<const CLI::Option*> options) const override;
  std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace tessera::cli
