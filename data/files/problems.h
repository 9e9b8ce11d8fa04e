#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::data {

/// What was skipped and why. The first ten are warned of as they come; finish() tells how many more
/// there were, so that a broken folder does not flood the terminal.
class Problems {
 public:
  /// One line; control characters of `name` show as "?".
  void add(const std::string& name, const std::string& reason);
  void finish() const;

  std::int64_t count() const { return count_; }
  /// The first ten, "NAME: REASON".
  const std::vector<std::string>& first() const { return first_; }

 private:
  std::vector<std::string> first_{};
  std::int64_t count_ = 0;
};

}  // namespace tessera::data
