#include "cli/flags/parse.h"

#include <algorithm>
#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>

#include "cli/flags/exit_code.h"

namespace tessera::cli {
namespace {

std::string flag_of(const char* name) {
  std::string flag = std::string("--") + name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
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
    std::fprintf(stderr,
                 "tessera: error: %s (see %s --help)\n",
                 line.c_str(),
                 app.get_name().empty() ? "tessera" : app.get_name().c_str());
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
