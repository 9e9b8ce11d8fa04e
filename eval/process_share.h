#pragma once

#include <cstdint>

namespace tessera::eval {

/// One of several processes that share a run; by default there is one.
struct ProcessShare {
  std::int64_t rank = 0;   // in 0 … count - 1
  std::int64_t count = 1;  // processes
  /// Throws kInvalidArgument.
  void validate() const;
};

}  // namespace tessera::eval
