#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <ATen/core/Tensor.h>

#include "eval/features/feature_extractor.h"
#include "eval/images/picture_set.h"

namespace tessera::eval {

/// One picture as the network takes it, or why there is none.
struct PreparedPicture {
  at::Tensor input{};     // undefined where it cannot be read
  std::string problem{};  // then the reason
};

/// Reads and prepares pictures on several threads while the caller computes, and hands them out in
/// order; at most `ahead` wait. A picture that cannot be read is handed out with its reason; what
/// is no fault of one picture (memory, cancellation) is thrown by next().
class PreparedStream {
 public:
  struct Options {
    int threads = 1;
    std::size_t ahead = 64;
  };
  /// `pictures` and `extractor` must outlive it; `rows` are the indices, in the order wanted.
  PreparedStream(const PictureSet& pictures,
                 const FeatureExtractor& extractor,
                 std::vector<std::int64_t> rows,
                 const Options& options);
  ~PreparedStream();
  PreparedStream(const PreparedStream&) = delete;
  PreparedStream& operator=(const PreparedStream&) = delete;

  /// Nothing after the last.
  std::optional<PreparedPicture> next();

 private:
  void work();
  PreparedPicture prepare(std::int64_t index) const;

  const PictureSet& pictures_;
  const FeatureExtractor& extractor_;
  std::vector<std::int64_t> rows_;
  std::size_t ahead_;

  std::mutex mutex_{};
  std::condition_variable changed_{};
  std::map<std::size_t, PreparedPicture> done_{};  // by position in rows_
  std::size_t claimed_ = 0;                        // positions that a thread has taken
  std::size_t given_ = 0;                          // positions handed out
  std::exception_ptr failure_{};
  bool stopping_ = false;
  std::vector<std::thread> threads_{};
};

}  // namespace tessera::eval
