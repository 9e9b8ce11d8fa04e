#pragma once

#include <memory>
#include <string>

#include "core/progress.h"

namespace CLI {
class App;
}

namespace tessera::cli {

class ProgressLine;

/// --quiet, --verbose, --color: how much is said on stderr, and in colour or not.
struct ConsoleFlags {
  bool quiet = false;
  bool verbose = false;
  std::string colour = "auto";
};
void add_console_flags(CLI::App& app, ConsoleFlags& flags);

/// What a user sees while a command works, on stderr: a progress line, notes, warnings. Results go
/// to stdout by result(), which keeps the progress line out of their way.
class Console {
 public:
  explicit Console(const ConsoleFlags& flags);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  ProgressSink progress();               // draws nothing when quiet
  void note(const std::string& text);    // what is going on; not when quiet
  void detail(const std::string& text);  // with --verbose alone
  void warn(const std::string& text);    // "tessera: warning: …"; also when quiet
  void fail(const std::string& text);    // "tessera: error: …"
  void result(const std::string& line);  // stdout, at once

 private:
  ConsoleFlags flags_;
  std::unique_ptr<ProgressLine> line_;
};

}  // namespace tessera::cli
