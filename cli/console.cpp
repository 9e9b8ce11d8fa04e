#include "cli/console.h"

#include <cstdio>
#include <iostream>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "cli/flags/progress_line.h"
#include "core/error.h"
#include "core/log.h"

namespace tessera::cli {
namespace {

ProgressStyle style_of(const ConsoleFlags& flags) {
  ProgressStyle style = ProgressStyle::for_stderr();
  if (flags.colour == "always") style.colour = true;
  if (flags.colour == "never") style.colour = false;
  return style;
}

}  // namespace

void add_console_flags(CLI::App& app, ConsoleFlags& flags) {
  auto* quiet = app.add_flag("-q,--quiet", flags.quiet, "results, warnings and errors only");
  app.add_flag("-v,--verbose", flags.verbose, "say more about what is done")->excludes(quiet);
  app.add_option("--color", flags.colour, "colour of the progress line")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  for (const char* name : {"--quiet", "--verbose", "--color"})
    app.get_option(name)->group("Messages");
}

Console::Console(const ConsoleFlags& flags)
    : flags_(flags), line_(std::make_unique<ProgressLine>(std::cerr, style_of(flags))) {
  set_log_level(flags.quiet     ? LogLevel::kWarning
                : flags.verbose ? LogLevel::kDebug
                                : LogLevel::kInfo);
}

Console::~Console() = default;

ProgressSink Console::progress() {
  if (flags_.quiet) return {};
  return line_->sink();
}

void Console::note(const std::string& text) {
  if (flags_.quiet) return;
  line_->finish();
  std::cerr << text << std::endl;
}

void Console::detail(const std::string& text) {
  if (flags_.verbose) note(text);
}

void Console::warn(const std::string& text) {
  line_->finish();
  std::cerr << "tessera: warning: " << text << std::endl;
}

void Console::fail(const std::string& text) {
  line_->finish();
  std::cerr << "tessera: error: " << text << std::endl;
}

void Console::result(const std::string& line) {
  if (isatty(STDOUT_FILENO) == 1) line_->finish();
  std::cout << line << std::endl;
  TESSERA_CHECK(std::cout, kIo, "standard output: cannot write");
}

}  // namespace tessera::cli
