#include "lab/gnuplot.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"

extern char** environ;

namespace tessera::lab {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// A file without a name, so that no pipe can fill up while the other side waits.
File nameless_file() {
  File file(std::tmpfile());
  TESSERA_CHECK(file, kIo, "no temporary file for gnuplot: ", std::strerror(errno));
  return file;
}

std::string contents(std::FILE* file) {
  std::string bytes;
  std::array<char, 1 << 16> part;
  std::rewind(file);
  for (std::size_t n; (n = std::fread(part.data(), 1, part.size(), file)) > 0;) {
    bytes.append(part.data(), n);
  }
  return bytes;
}

/// The caller's environment without what changes how gnuplot reads or draws.
std::vector<std::string> environment() {
  std::vector<std::string> kept = {"LC_ALL=C.UTF-8"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool changes = text.starts_with("LC_") || text.starts_with("LANG") ||
                         text.starts_with("GNU") || text.starts_with("GDFONTPATH") ||
                         text.starts_with("FIT_");
    if (!changes) kept.emplace_back(text);
  }
  return kept;
}

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  void redirect(std::FILE* file, int to) {
    posix_spawn_file_actions_adddup2(&actions_, ::fileno(file), to);
  }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

pid_t spawn(std::FILE* input, std::FILE* output, std::FILE* errors) {
  FileActions actions;
  actions.redirect(input, STDIN_FILENO);
  actions.redirect(output, STDOUT_FILENO);
  actions.redirect(errors, STDERR_FILENO);
  std::vector<std::string> words = {"gnuplot", "-d", "-"};  // -d: no settings of the user's
  std::vector<std::string> variables = environment();
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child,
                                     "gnuplot",
                                     actions.get(),
                                     nullptr,
                                     pointers(words).data(),
                                     pointers(variables).data());
  TESSERA_CHECK(problem != ENOENT,
                kNotFound,
                "gnuplot is not installed, so no figure can be drawn; on Debian or Ubuntu: apt-get "
                "install gnuplot-nox");
  TESSERA_CHECK(problem == 0, kIo, "gnuplot could not be started: ", std::strerror(problem));
  return child;
}

/// Its messages as one short line.
std::string one_line(std::string text) {
  constexpr std::size_t kMost = 300;
  for (char& c : text) {
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  return text.size() > kMost ? text.substr(0, kMost) + "…" : text;
}

}  // namespace

std::string run_gnuplot(const std::string& script) {
  const File input = nameless_file();
  const File output = nameless_file();
  const File errors = nameless_file();
  TESSERA_CHECK(std::fwrite(script.data(), 1, script.size(), input.get()) == script.size() &&
                    std::fflush(input.get()) == 0,
                kIo,
                "gnuplot's program could not be written: ",
                std::strerror(errno));
  std::rewind(input.get());
  const pid_t child = spawn(input.get(), output.get(), errors.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    TESSERA_CHECK(errno == EINTR, kIo, "gnuplot was lost: ", std::strerror(errno));
  }
  const std::string said = one_line(contents(errors.get()));
  TESSERA_CHECK(
      WIFEXITED(status) && WEXITSTATUS(status) == 0 && said.find("line ") == std::string::npos,
      kInternal,
      "gnuplot refused the figure: ",
      said.empty() ? concat("status ", status) : said);
  std::string bytes = contents(output.get());
  TESSERA_CHECK(!bytes.empty(), kInternal, "gnuplot drew nothing: ", said);
  return bytes;
}

}  // namespace tessera::lab
