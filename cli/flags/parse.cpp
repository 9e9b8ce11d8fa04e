#include "cli/flags/parse.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/flags/exit_code.h"
#include "core/spelling.h"

namespace tessera::cli {
namespace {

std::string flag_of(const char* name) {
  std::string flag = std::string("--") + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// The innermost sub-command that was named, and its words on the command line.
struct Named {
  const CLI::App* app;
  std::string path;
};
Named innermost(const CLI::App& app) {
  Named named{&app, app.get_name().empty() ? "tessera" : app.get_name()};
  while (!named.app->get_subcommands().empty()) {
    named.app = named.app->get_subcommands().back();
    named.path += " " + named.app->get_name();
  }
  return named;
}

/// "; did you mean --seed?" for the first word that the program does not know, where one is near.
std::string hint(const CLI::App& app, const Named& named) {
  std::vector<std::string> known;
  for (const CLI::Option* option : named.app->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  for (const CLI::App* command : named.app->get_subcommands({}))
    known.push_back(command->get_name());
  for (const std::string& word : app.remaining(true)) {
    const auto meant = nearest_word(word.substr(0, word.find('=')), known);
    if (meant) return "; did you mean " + *meant + "?";
  }
  return "";
}

}  // namespace

std::optional<int> parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& asked) {  // --help, --version
    app.exit(asked, std::cout, std::cerr);
    return kExitDone;
  } catch (const CLI::ParseError& mistake) {
    std::string line = mistake.what();
    std::replace(line.begin(), line.end(), '\n', ' ');
    const Named named = innermost(app);
    std::fprintf(stderr,
                 "tessera: error: %s%s (see %s --help)\n",
                 line.c_str(),
                 hint(app, named).c_str(),
                 named.path.c_str());
    return kExitUsage;
  }
}

void FieldFlags::operator()(const char* name, std::int64_t& value, const char* help) {
  app_.add_option(flag_of(name), value, help)->group(group_)->capture_default_str();
}
void FieldFlags::operator()(const char* name, std::uint64_t& value, const char* help) {
  app_.add_option(flag_of(name), value, help)->group(group_)->capture_default_str();
}
void FieldFlags::operator()(const char* name, double& value, const char* help) {
  app_.add_option(flag_of(name), value, help)->group(group_)->capture_default_str();
}
void FieldFlags::operator()(const char* name, bool& value, const char* help) {
  app_.add_flag(flag_of(name), value, help)->group(group_);
}
void FieldFlags::operator()(const char* name, std::string& value, const char* help) {
  app_.add_option(flag_of(name), value, help)->group(group_)->capture_default_str();
}
void FieldFlags::operator()(const char* name, std::vector<std::string>& value, const char* help) {
  app_.add_option(flag_of(name), value, help)->group(group_)->delimiter(',');
}

}  // namespace tessera::cli
