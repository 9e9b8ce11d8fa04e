#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace tessera::text {

/// Byte-pair encoding (Sennrich et al. 2016): which two symbols become one, and in which order.
class BytePairs {
 public:
  /// left and right become `merged`; a lower rank goes first. Told again: the last one holds.
  void add(std::int32_t left, std::int32_t right, std::int32_t rank, std::int32_t merged);

  /// The symbols of one word after every merge: the pair of lowest rank first, at all its places
  /// from left to right, then the next. O(n log n).
  std::vector<std::int32_t> merge(std::span<const std::int32_t> symbols) const;

 private:
  struct Merge {
    std::int32_t rank = 0;
    std::int32_t merged = 0;
  };
  std::unordered_map<std::uint64_t, Merge> merges_{};

  friend class Merger;
};

}  // namespace tessera::text
