#include "eval/features/prepared_stream.h"

#include <algorithm>

#include "core/error.h"

namespace tessera::eval {

PreparedStream::PreparedStream(const PictureSet& pictures,
                               const FeatureExtractor& extractor,
                               std::vector<std::int64_t> rows,
                               const Options& options)
    : pictures_(pictures),
      extractor_(extractor),
      rows_(std::move(rows)),
      ahead_(std::max<std::size_t>(options.ahead, 1)) {
  const int count = std::max(options.threads, 1);
  for (int k = 0; k < count; ++k) threads_.emplace_back([this] { work(); });
}

PreparedStream::~PreparedStream() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

PreparedPicture PreparedStream::prepare(std::int64_t index) const {
  try {
    return {.input = extractor_.prepare(pictures_.load(index))};
  } catch (const Error& error) {
    const bool of_the_file = error.code() == ErrorCode::kCorruptFile ||
                             error.code() == ErrorCode::kNotFound || error.code() == ErrorCode::kIo;
    if (!of_the_file) throw;
    return {.problem = error.what()};
  }
}

void PreparedStream::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      return stopping_ || claimed_ == rows_.size() || claimed_ < given_ + ahead_;
    });
    if (stopping_ || claimed_ == rows_.size()) return;
    const std::size_t position = claimed_++;
    lock.unlock();
    PreparedPicture picture;
    std::exception_ptr failure;
    try {
      picture = prepare(rows_[position]);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    if (failure) {
      failure_ = failure;
      stopping_ = true;
    } else {
      done_.emplace(position, std::move(picture));
    }
    changed_.notify_all();
  }
}

std::optional<PreparedPicture> PreparedStream::next() {
  std::unique_lock lock(mutex_);
  if (given_ == rows_.size()) return {};
  changed_.wait(lock, [this] { return failure_ || done_.count(given_) == 1; });
  if (failure_) std::rethrow_exception(failure_);
  const auto found = done_.find(given_);
  PreparedPicture picture = std::move(found->second);
  done_.erase(found);
  ++given_;
  lock.unlock();
  changed_.notify_all();
  return picture;
}

}  // namespace tessera::eval
