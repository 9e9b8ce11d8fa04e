#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"

namespace CLI {
class App;
}

namespace tessera::cli {

/// Parses the command line. Empty: go on. Else the exit code to answer with: 0 after --help or
/// --version (printed on stdout), 2 after a mistake (one line on stderr that names it and --help).
std::optional<int> parse(CLI::App& app, int argc, const char* const* argv);

/// Adds "--steps", "--kept-share", … for every field of an options struct: names from its visitor
/// with _ written as -, help from the same place, the current value as the default.
class FieldFlags {
 public:
  FieldFlags(CLI::App& app, std::string group) : app_(app), group_(std::move(group)) {}
  void operator()(const char* name, std::int64_t& value, const char* help);
  void operator()(const char* name, std::uint64_t& value, const char* help);
  void operator()(const char* name, double& value, const char* help);
  void operator()(const char* name, bool& value, const char* help);
  void operator()(const char* name, std::string& value, const char* help);
  void operator()(const char* name, std::vector<std::string>& value, const char* help);

 private:
  CLI::App& app_;
  std::string group_;
};

template <typename Options>
void add_field_flags(CLI::App& app, Options& options, const std::string& group) {
  FieldFlags flags(app, group);
  visit_fields(flags, options);
}

}  // namespace tessera::cli
