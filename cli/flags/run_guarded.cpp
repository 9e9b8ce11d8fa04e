#include "cli/flags/run_guarded.h"

#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "cli/flags/exit_code.h"
#include "cli/flags/signals.h"
#include "core/error.h"

namespace tessera::cli {
namespace {

void complain(std::string_view message) {
  // LibTorch appends a trace of its own code after the first line.
  const std::string line(message.substr(0, message.find('\n')));
  std::fprintf(stderr, "tessera: error: %s\n", line.c_str());
}

}  // namespace

int run_guarded(const std::function<int(std::stop_token)>& body) {
  try {
    const SignalStop signals;
    try {
      const int code = body(signals.token());
      return code == kExitDone ? SignalStop::exit_code() : code;
    } catch (const Error& error) {
      const int by_signal = SignalStop::exit_code();
      if (error.code() == ErrorCode::kCancelled && by_signal != 0) return by_signal;
      complain(error.what());
      return exit_code(error.code());
    }
  } catch (const std::bad_alloc&) {
    complain("out of memory");
  } catch (const std::exception& error) {
    complain(error.what());
  }
  return kExitFailure;
}

}  // namespace tessera::cli
