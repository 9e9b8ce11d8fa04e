#include "text/tokenizers/byte_pairs.h"

#include <queue>
#include <tuple>

namespace tessera::text {
namespace {

std::uint64_t key(std::int32_t left, std::int32_t right) {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32 | static_cast<std::uint32_t>(right);
}

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

}  // namespace

/// The symbols of one word as a list, and the pairs in it that could merge.
class Merger {
 public:
  Merger(const BytePairs& pairs, std::span<const std::int32_t> symbols) : pairs_(pairs) {
    for (std::size_t i = 0; i < symbols.size(); ++i) {
      nodes_.push_back({.symbol = symbols[i], .before = i - 1, .next = i + 1});
    }
    if (!nodes_.empty()) nodes_.back().next = kNone;
    for (std::size_t i = 0; i < nodes_.size(); ++i) offer(i);
  }

  std::vector<std::int32_t> run() {
    while (!waiting_.empty()) merge_lowest();
    std::vector<std::int32_t> symbols;
    for (std::size_t i = nodes_.empty() ? kNone : 0; i != kNone; i = nodes_[i].next) {
      symbols.push_back(nodes_[i].symbol);
    }
    return symbols;
  }

 private:
  struct Node {
    std::int32_t symbol = 0;  // -1 where the symbol has gone into the one before
    std::size_t before = kNone;
    std::size_t next = kNone;
  };
  struct Candidate {
    std::int32_t rank = 0;
    std::size_t place = 0;
    std::int32_t left = 0;
    std::int32_t right = 0;
    std::int32_t merged = 0;
    bool operator>(const Candidate& other) const {
      return std::tie(rank, place) > std::tie(other.rank, other.place);
    }
  };

  /// Notes the pair that begins at node `i`, where it can merge.
  void offer(std::size_t i) {
    if (i == kNone || nodes_[i].next == kNone) return;
    const std::int32_t left = nodes_[i].symbol;
    const std::int32_t right = nodes_[nodes_[i].next].symbol;
    const auto found = pairs_.merges_.find(key(left, right));
    if (found == pairs_.merges_.end()) return;
    waiting_.push({.rank = found->second.rank,
                   .place = i,
                   .left = left,
                   .right = right,
                   .merged = found->second.merged});
  }

  /// All places of the pair of lowest rank, before any pair that these merges make.
  void merge_lowest() {
    const std::int32_t rank = waiting_.top().rank;
    std::vector<std::size_t> merged;
    while (!waiting_.empty() && waiting_.top().rank == rank) {
      const Candidate pair = waiting_.top();
      waiting_.pop();
      if (apply(pair)) merged.push_back(pair.place);
    }
    for (const std::size_t i : merged) {
      offer(nodes_[i].before);
      offer(i);
    }
  }

  /// False where another merge has taken one of the two since.
  bool apply(const Candidate& pair) {
    Node& left = nodes_[pair.place];
    if (left.symbol != pair.left || left.next == kNone) return false;
    Node& right = nodes_[left.next];
    if (right.symbol != pair.right) return false;
    left.symbol = pair.merged;
    right.symbol = -1;
    left.next = right.next;
    if (left.next != kNone) nodes_[left.next].before = pair.place;
    return true;
  }

  const BytePairs& pairs_;
  std::vector<Node> nodes_;
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> waiting_;
};

void BytePairs::add(std::int32_t left, std::int32_t right, std::int32_t rank, std::int32_t merged) {
  merges_.insert_or_assign(key(left, right), Merge{.rank = rank, .merged = merged});
}

std::vector<std::int32_t> BytePairs::merge(std::span<const std::int32_t> symbols) const {
  return Merger(*this, symbols).run();
}

}  // namespace tessera::text
