#pragma once

#include <string>
#include <vector>

namespace tessera::eval {

/// A table for a terminal: columns as wide as their widest cell, the first to the left, the others
/// to the right, a rule under the heads. UTF-8; a character counts as one column.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads);
  /// As many cells as there are heads; throws kShapeMismatch.
  void add(std::vector<std::string> cells);
  /// Ends in a line feed.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the heads first
};

}  // namespace tessera::eval
