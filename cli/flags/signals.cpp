#include "cli/flags/signals.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "core/error.h"

namespace tessera::cli {
namespace {

// A handler may touch little more than sig_atomic_t and write(): it wakes a thread through a pipe,
// and the thread, which may take locks and run callbacks, requests the stop.
volatile sig_atomic_t received_signal = 0;
volatile sig_atomic_t pipe_input = -1;
int pipe_output = -1;

extern "C" void on_signal(int number) {
  if (received_signal != 0) _exit(128 + number);
  received_signal = number;
  const int saved = errno;
  const char byte = 's';
  [[maybe_unused]] const auto ignored = write(pipe_input, &byte, 1);
  errno = saved;
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

SignalStop::SignalStop() {
  TESSERA_CHECK(pipe_input < 0, kInternal, "signals are already being watched");
  int ends[2];
  TESSERA_CHECK(pipe2(ends, O_CLOEXEC) == 0, kIo, "cannot make a pipe: ", std::strerror(errno));
  pipe_output = ends[0];
  pipe_input = ends[1];
  received_signal = 0;
  listener_ = std::thread([this, from = ends[0]] {
    char byte = 0;
    while (read(from, &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 's') source_.request_stop();
  });
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
}

SignalStop::~SignalStop() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  const char byte = 'q';
  [[maybe_unused]] const auto ignored = write(pipe_input, &byte, 1);
  listener_.join();
  close(pipe_input);
  close(pipe_output);
  pipe_input = -1;
}

int SignalStop::exit_code() noexcept {
  return received_signal == 0 ? 0 : 128 + static_cast<int>(received_signal);
}

}  // namespace tessera::cli
