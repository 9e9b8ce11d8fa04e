#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "hub/http.h"
#include "hub/settings.h"

namespace tessera::hub {

/// How often and when something is tried again: a pause of settings.first_wait after the first
/// failure in a row, twice that after the second, and so on; longer where the server asks for it.
class Retry {
 public:
  using Told = std::function<void(const std::string&)>;  // "again in 2 s (…)"
  Retry(const Settings& settings, std::string what, Told told, std::stop_token stop);

  void progress() { failures_ = 0; }
  /// Waits. Throws kIo after too many failures or where the server asks for a longer pause than
  /// settings.longest_wait, kCancelled.
  void wait_after(const TemporaryFailure& failure);

 private:
  const Settings& settings_;
  std::string what_;
  Told told_;
  std::stop_token stop_;
  int failures_ = 0;
};

/// `attempt` until it throws no TemporaryFailure.
template <typename Attempt>
auto retrying(Retry& retry, Attempt&& attempt) {
  for (;;) {
    try {
      return attempt();
    } catch (const TemporaryFailure& failure) {
      retry.wait_after(failure);
    }
  }
}

}  // namespace tessera::hub
