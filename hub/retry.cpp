#include "hub/retry.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "core/error.h"

namespace tessera::hub {

Retry::Retry(const Settings& settings, std::string what, Told told, std::stop_token stop)
    : settings_(settings), what_(std::move(what)), told_(std::move(told)), stop_(std::move(stop)) {}

void Retry::wait_after(const TemporaryFailure& failure) {
  ++failures_;
  TESSERA_CHECK(failures_ < settings_.attempts,
                kIo,
                what_,
                ": ",
                failure.what(),
                " (given up after ",
                failures_,
                " attempts; the same command goes on from here)");
  TESSERA_CHECK(failure.wait_seconds() <= settings_.longest_wait,
                kIo,
                what_,
                ": ",
                failure.what(),
                " and asks to wait ",
                failure.wait_seconds(),
                " s; the same command goes on from here later");
  const double own = settings_.first_wait * std::pow(2.0, failures_ - 1);
  const double seconds = std::max(failure.wait_seconds(), std::min(own, settings_.longest_wait));
  if (told_) told_(concat(failure.what(), ", again in ", std::ceil(seconds), " s"));
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop_, std::chrono::duration<double>(seconds), [] { return false; });
  TESSERA_CHECK(!stop_.stop_requested(), kCancelled, "stopped");
}

}  // namespace tessera::hub
