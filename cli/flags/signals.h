#pragma once

#include <stop_token>
#include <thread>

namespace tessera::cli {

/// While it lives, the first SIGINT or SIGTERM requests a stop (the program finishes its step and
/// keeps what is done) and the second ends the process at once with 130 or 143. One at a time: a
/// second instance throws kInternal.
class SignalStop {
 public:
  SignalStop();
  ~SignalStop();
  SignalStop(const SignalStop&) = delete;
  SignalStop& operator=(const SignalStop&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  /// 130 or 143 once a signal has come, else 0.
  static int exit_code() noexcept;

 private:
  std::stop_source source_{};
  std::thread listener_{};
};

}  // namespace tessera::cli
