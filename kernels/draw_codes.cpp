#include "kernels/draw_codes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

#include "kernels/bfloat16.h"

namespace tessera::kernels {
namespace {

/// Rounding of a sum of probabilities: a mass this close to the wanted share has reached it.
constexpr double kMassTolerance = 1e-6;

std::size_t at(std::int64_t index) {
  return static_cast<std::size_t>(index);
}

/// One row; whole lanes, so that vectors may run over its end.
struct DrawScratch {
  explicit DrawScratch(std::int64_t codes)
      : z(at((codes + kLanes - 1) / kLanes * kLanes)),
        weight(z.size()),
        blocks(z.size() / static_cast<std::size_t>(kLanes)) {}
  std::vector<float> z;
  std::vector<float> weight;
  std::vector<double> blocks;           // the sum of each kLanes weights
  std::vector<std::int64_t> members{};  // codes among which truncation cuts
};

bool truncates(const DrawCodes& a) {
  return a.keep_mass < 1.0 || (a.keep_codes > 0 && a.keep_codes < a.codes);
}

/// What truncation keeps: codes until their weight first reaches `mass`, at most so many.
struct Limit {
  double mass = 0;
  std::int64_t codes = 0;
};

Limit limit_of(const DrawCodes& a, double total) {
  return {.mass = a.keep_mass < 1.0 ? (a.keep_mass - kMassTolerance) * total : HUGE_VAL,
          .codes = a.keep_codes > 0 ? a.keep_codes : a.codes};
}

/// The last code that stays: codes before it in the order (likelier, then lower index) stay too.
struct Edge {
  float z = 0;
  std::int64_t code = 0;
};

/// How much lies above some z.
struct Above {
  double mass = 0;
  std::int64_t codes = 0;
};

/// The edge among the codes with low < z <= high, where all above `high` stay; none where it is not
/// there.
std::optional<Edge> walk_to_edge(
    const Limit& limit, const Above& above, float low, float high, DrawScratch& s) {
  s.members.clear();
  for (std::size_t k = 0; k < s.z.size(); ++k) {
    if (s.z[k] > low && s.z[k] <= high) s.members.push_back(static_cast<std::int64_t>(k));
  }
  std::stable_sort(s.members.begin(), s.members.end(), [&](std::int64_t l, std::int64_t r) {
    return s.z[at(l)] > s.z[at(r)];
  });
  Edge edge;
  Above kept = above;
  for (const std::int64_t k : s.members) {
    if (kept.codes > 0 && (kept.mass >= limit.mass || kept.codes >= limit.codes)) return edge;
    edge = {s.z[at(k)], k};
    kept.mass += static_cast<double>(s.weight[at(k)]);
    ++kept.codes;
  }
  return std::nullopt;
}

/// The first state whose cumulative weight exceeds `uniform` times the weight of all.
std::int64_t pick(std::int64_t codes, const CodeEvidence& e, double uniform, const DrawScratch& s) {
  if (e.carried) return e.seen;
  double sum = 0;
  for (const double block : s.blocks) sum += block;
  const double at_seen = e.seen < 0 ? 0.0 : static_cast<double>(s.weight[at(e.seen)]);
  sum += (e.rho - 1.0) * at_seen;

  const double ground = e.uniform * sum;
  const auto weigh = [&](std::int64_t k) {
    if (k == e.seen) return e.same * (e.keep * e.rho * at_seen + ground);
    return e.other * (e.keep * static_cast<double>(s.weight[at(k)]) + ground);
  };
  // A block's weight is that of its sum, but for the code that is seen.
  const double correction =
      e.seen < 0 ? 0.0 : weigh(e.seen) - e.other * (e.keep * at_seen + ground);
  const auto weigh_block = [&](std::size_t block) {
    const std::int64_t begin = static_cast<std::int64_t>(block) * kLanes;
    const auto count = static_cast<double>(std::min(kLanes, codes - begin));
    const bool has_seen = e.seen >= begin && e.seen < begin + kLanes;
    return e.other * (e.keep * s.blocks[block] + count * ground) + (has_seen ? correction : 0.0);
  };
  double all = 0;
  for (std::size_t block = 0; block < s.blocks.size(); ++block) all += weigh_block(block);
  all += e.stay * sum;

  const double height = uniform * all;
  double below = 0;
  for (std::size_t block = 0; block < s.blocks.size(); ++block) {
    const double weight = weigh_block(block);
    if (below + weight <= height) {
      below += weight;
      continue;
    }
    const std::int64_t begin = static_cast<std::int64_t>(block) * kLanes;
    const std::int64_t end = std::min(codes, begin + kLanes);
    std::int64_t last = begin;
    double cumulative = below;
    for (std::int64_t k = begin; k < end; ++k) {
      const double own = weigh(k);
      if (own <= 0.0) continue;
      last = k;
      cumulative += own;
      if (cumulative > height) return k;
    }
    return last;  // the block's sum was rounded above that of its codes
  }
  return codes;  // the mask state; without one the blocks' weights add up to more than the height
}

}  // namespace

#define TESSERA_KERNEL "kernels/draw_codes.inc"
#include "kernels/builds.inc"

namespace {

constexpr Builds<DrawCodes> kBuilds{any::draw, avx2::draw, avx512::draw};

}  // namespace

void draw_codes(const DrawCodes& args, std::int64_t first, std::int64_t last, Target target) {
  kBuilds.of(target)(args, first, last);
}

}  // namespace tessera::kernels
