#include "tests/support/run_program.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace tessera::test {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    read_end = ends[0];
    write_end = ends[1];
  }
};

[[noreturn]] void become(const Call& call, const Pipe& in, const Pipe& out, const Pipe& err) {
  dup2(in.read_end, STDIN_FILENO);
  dup2(out.write_end, STDOUT_FILENO);
  dup2(err.write_end, STDERR_FILENO);
  if (!call.folder.empty() && chdir(call.folder.c_str()) != 0) _exit(126);
  for (const auto& [name, value] : call.variables) setenv(name.c_str(), value.c_str(), 1);
  std::vector<char*> arguments = {const_cast<char*>(call.program.c_str())};
  for (const std::string& argument : call.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execv(arguments.front(), arguments.data());
  _exit(127);
}

/// Reads both streams until they close; sends SIGINT when stdout has the lines asked for.
void collect(const Call& call, pid_t child, int out, int err, Answer& answer) {
  std::array<pollfd, 2> ends = {
      {{.fd = out, .events = POLLIN, .revents = 0}, {.fd = err, .events = POLLIN, .revents = 0}}};
  bool interrupted = call.interrupt_after_lines == 0;
  for (int open = 2; open > 0;) {
    if (poll(ends.data(), ends.size(), -1) < 0) break;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if ((ends[i].revents & (POLLIN | POLLHUP)) == 0) continue;
      char block[4096];
      const ssize_t count = read(ends[i].fd, block, sizeof block);
      if (count <= 0) {
        ends[i].fd = -1;
        --open;
        continue;
      }
      (i == 0 ? answer.out : answer.err).append(block, static_cast<std::size_t>(count));
    }
    const auto lines = std::count(answer.out.begin(), answer.out.end(), '\n');
    if (!interrupted && lines >= call.interrupt_after_lines) {
      kill(child, SIGINT);
      interrupted = true;
    }
  }
}

}  // namespace

Answer run_program(const Call& call) {
  signal(SIGPIPE, SIG_IGN);
  const Pipe in;
  const Pipe out;
  const Pipe err;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no fork");
  if (child == 0) become(call, in, out, err);
  if (call.started) call.started(child);
  close(in.read_end);
  close(out.write_end);
  close(err.write_end);
  [[maybe_unused]] const auto ignored = write(in.write_end, call.input.data(), call.input.size());
  close(in.write_end);
  Answer answer;
  collect(call, child, out.read_end, err.read_end, answer);
  close(out.read_end);
  close(err.read_end);
  int status = 0;
  waitpid(child, &status, 0);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return answer;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace tessera::test
