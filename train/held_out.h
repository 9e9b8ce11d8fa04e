#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "data/source.h"

namespace tessera::train {

/// Samples that training never sees: rows first … first + count - 1 of a source.
struct HeldOut {
  std::shared_ptr<const data::Source> source{};
  std::int64_t first = 0;
  std::int64_t count = 0;

  /// The first `wanted` indices, or fewer where there are not so many.
  std::vector<std::int64_t> indices(std::int64_t wanted) const {
    std::vector<std::int64_t> all(static_cast<std::size_t>(std::min(wanted, count)));
    std::iota(all.begin(), all.end(), first);
    return all;
  }

  /// The same in batches of 64.
  std::vector<std::vector<std::int64_t>> batches(std::int64_t wanted) const {
    constexpr std::ptrdiff_t kBatch = 64;
    const std::vector<std::int64_t> all = indices(wanted);
    std::vector<std::vector<std::int64_t>> parts;
    for (auto begin = all.begin(); begin != all.end();) {
      const auto end = all.end() - begin > kBatch ? begin + kBatch : all.end();
      parts.emplace_back(begin, end);
      begin = end;
    }
    return parts;
  }
};

}  // namespace tessera::train
