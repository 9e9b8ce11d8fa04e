#include "train/prefetch.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

namespace tessera::train {

Prefetcher::Prefetcher(BatchOf make, Steps steps)
    : make_(std::move(make)), steps_(steps), next_step_(steps.first) {
  if (steps_.ahead > 0) worker_ = std::jthread([this](std::stop_token stop) { work(stop); });
}

Prefetcher::~Prefetcher() {
  if (!worker_.joinable()) return;
  worker_.request_stop();
  changed_.notify_all();
}

void Prefetcher::work(std::stop_token stop) {
  // Where the network computes on the CPU too, one core is enough to draw ahead: a second team of
  // threads would fight the network's for theirs.
  const at::ParallelGuard alone(steps_.threads == 1);
  const at::NoGradGuard no_grad;
  for (std::int64_t step = steps_.first; step <= steps_.last && !stop.stop_requested(); ++step) {
    data::Batch batch;
    std::exception_ptr failure;
    try {
      batch = make_(step);
    } catch (...) {
      failure = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    const auto has_room = [&] { return ready_.size() < static_cast<std::size_t>(steps_.ahead); };
    if (!changed_.wait(lock, stop, has_room)) return;
    if (failure) {
      failure_ = failure;
    } else {
      ready_.push_back(std::move(batch));
    }
    changed_.notify_all();
    if (failure) return;
  }
}

data::Batch Prefetcher::next() {
  const std::int64_t step = next_step_++;
  if (!worker_.joinable()) return make_(step);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  data::Batch batch = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  return batch;
}

}  // namespace tessera::train
