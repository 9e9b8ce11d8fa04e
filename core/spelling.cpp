#include "core/spelling.h"

#include <algorithm>
#include <vector>

namespace tessera {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest_word(const std::string& word,
                                        std::span<const std::string> known) {
  constexpr std::size_t kShortestWord = 3;  // any two letters are near some word
  constexpr std::size_t kLongestWord = 64;
  if (word.size() < kShortestWord || word.size() > kLongestWord) return std::nullopt;
  std::size_t best = word.size() <= 4 ? 1 : 2;
  std::optional<std::string> nearest;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance > best || distance >= candidate.size()) continue;
    if (nearest && distance == best) continue;
    best = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace tessera
