#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "data/source.h"

namespace tessera::train {

using BatchOf = std::function<data::Batch(std::int64_t step)>;

/// Makes the batches of steps first, first + 1, … last in a thread of its own, at most `ahead` of
/// them before they are asked for. The order and the content do not depend on it. With ahead = 0
/// there is no thread.
class Prefetcher {
 public:
  struct Steps {
    std::int64_t first = 1;
    std::int64_t last = 1;
    std::int64_t ahead = 3;
    int threads = 1;  // of the operators that make a batch: 1, or 0 = all
  };
  Prefetcher(BatchOf make, Steps steps);
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The batch of the next step. Throws what making it threw.
  data::Batch next();

 private:
  void work(std::stop_token stop);

  BatchOf make_;
  Steps steps_;
  std::int64_t next_step_;
  std::mutex mutex_{};
  std::condition_variable_any changed_{};
  std::deque<data::Batch> ready_{};
  std::exception_ptr failure_{};
  std::jthread worker_{};
};

}  // namespace tessera::train
