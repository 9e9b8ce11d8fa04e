// A sampling step from the logits to the codes: guidance, softmax, truncation, power, posterior,
// draw.
//
// Idea: a block takes a token and reads its logits once, neighbours by neighbours, into shared
// memory, where they stay; each thread has a stretch of 17 neighbouring codes, whose weights it
// keeps in registers. 17 is odd, so the stretches of a warp begin in different banks. Truncation
// halves the stretch of z in which the cut lies until a handful of codes is left, which are put in
// order; nothing is sorted. Memory: 4 K bytes a token read, 8 K with guidance; the code, the
// uniform number and 64 bytes of evidence beside them. The composed operators move over ten times
// that. Floor: these bytes, 5 us for 1,024 tokens of 4,096 codes at 3.35 * 10^12 a second (10 with
// guidance). Limit: memory bandwidth from some thousand tokens on; below, the blocks all fit at
// once and the time is one block's barriers, each halving of a truncation one of them. A block
// waits for its loads and then for its sums, so several have to share a multiprocessor: that is why
// the logits are not in registers too, and why what is read of the token is read at once. A token
// that is carried reads no logits.
//
// Sums: e^(z - peak) of a stretch in float32 in order, the stretches in float64 in a fixed order
// over lanes and warps, so a draw does not depend on the run. The CPU adds sixteens in float64; its
// codes differ only where the uniform number lies within some 1e-7 of the border of two codes. z is
// the CPU's to the bit (no fused multiply-add), so ties are the same ones.

#include "kernels/cuda/grid.cuh"
#include "kernels/cuda/launch.h"
#include "kernels/cuda/rows.cuh"
#include "kernels/cuda_kernels.h"

namespace tessera::kernels::cuda {
namespace {

constexpr float kFloor = -1e4f;          // as on the CPU, where it is explained
constexpr double kMassTolerance = 1e-6;  // the same
constexpr float kWeightless = 88.0f;     // codes so far below the peak weigh nothing
constexpr int kStretch = 17;             // codes of a thread
constexpr int kFew = 64;                 // candidates of a cut that are put in order
constexpr int kMostThreads = 1024;
constexpr int kMostWarps = kMostThreads / kWarp;
static_assert(kStretch * kMostThreads >= kMostCudaCodes);

struct Candidate {
  float z;
  float weight;
  int code;
};

/// How much lies above some z.
struct Above {
  double mass;
  int codes;
};

/// The last code that stays; those before it in the order (likelier, then lower index) stay too.
struct Edge {
  float z;
  int code;
};

/// What a block shares beside the row.
struct Shared {
  double mass[2][kMostWarps];
  int codes[2][kMostWarps];
  float peak[kMostWarps];
  Candidate candidates[kFew];
  CodeEvidence evidence;  // of the token; thread 0 reads it, and these two, in front
  float uniform;
  float power;
  int edge_place;  // of the last code that stays
  int chosen;      // the thread in whose stretch the draw falls
  int last;        // the last thread of weight
  double weight_of_seen;
};

/// A thread's place in the block, and its turn at the two halves of what is shared: a sum writes to
/// one while slower warps may still read the other.
class Team {
 public:
  __device__ explicit Team(Shared& shared) : shared_(shared) {}

  __device__ static int lane() { return static_cast<int>(threadIdx.x) % kWarp; }
  __device__ static int warp() { return static_cast<int>(threadIdx.x) / kWarp; }
  __device__ static int warps() { return static_cast<int>(blockDim.x) / kWarp; }

  /// Largest of all threads' values.
  __device__ float largest(float value) {
    value = warp_largest(value);
    if (lane() == 0) shared_.peak[warp()] = value;
    __syncthreads();
    return warp_largest(lane() < warps() ? shared_.peak[lane()] : -HUGE_VALF);
  }

  /// Sums over all threads.
  __device__ Above sum(Above own) {
    turn_ ^= 1;
    own.mass = warp_total(own.mass);
    own.codes = __reduce_add_sync(kAllLanes, own.codes);
    if (lane() == 0) {
      shared_.mass[turn_][warp()] = own.mass;
      shared_.codes[turn_][warp()] = own.codes;
    }
    __syncthreads();
    const bool there = lane() < warps();
    return {warp_total(there ? shared_.mass[turn_][lane()] : 0.0),
            __reduce_add_sync(kAllLanes, there ? shared_.codes[turn_][lane()] : 0)};
  }

  /// Sums over the threads before this one, and over all.
  struct Sums {
    Above before;
    Above all;
  };
  __device__ Sums sums(Above own) {
    turn_ ^= 1;
    const Above through = scan(own);
    if (lane() == kWarp - 1) {
      shared_.mass[turn_][warp()] = through.mass;
      shared_.codes[turn_][warp()] = through.codes;
    }
    __syncthreads();
    const bool there = lane() < warps();
    const Above warps_through =
        scan({there ? shared_.mass[turn_][lane()] : 0.0, there ? shared_.codes[turn_][lane()] : 0});
    const auto through_warp = [&](int which) {
      return Above{__shfl_sync(kAllLanes, warps_through.mass, which),
                   __shfl_sync(kAllLanes, warps_through.codes, which)};
    };
    Above below = through_warp(warp() > 0 ? warp() - 1 : 0);
    if (warp() == 0) below = {0.0, 0};
    const Above in_warp{__shfl_up_sync(kAllLanes, through.mass, 1),
                        __shfl_up_sync(kAllLanes, through.codes, 1)};
    return {lane() == 0 ? below : Above{below.mass + in_warp.mass, below.codes + in_warp.codes},
            through_warp(warps() - 1)};
  }

 private:
  __device__ static float warp_largest(float value) {
    for (int offset = kWarp / 2; offset > 0; offset /= 2) {
      value = fmaxf(value, __shfl_xor_sync(kAllLanes, value, offset));
    }
    return value;
  }

  __device__ static double warp_total(double value) {
    for (int offset = kWarp / 2; offset > 0; offset /= 2) {
      value += __shfl_xor_sync(kAllLanes, value, offset);
    }
    return value;
  }

  /// Sums over the lanes up to this one.
  __device__ static Above scan(Above value) {
    for (int offset = 1; offset < kWarp; offset *= 2) {
      const double mass = __shfl_up_sync(kAllLanes, value.mass, offset);
      const int codes = __shfl_up_sync(kAllLanes, value.codes, offset);
      if (lane() >= offset) value = {value.mass + mass, value.codes + codes};
    }
    return value;
  }

  Shared& shared_;
  int turn_ = 0;
};

/// A thread's codes.
struct Stretch {
  const float* z;  // in the block's memory
  float weight[kStretch];

  __device__ static int first() { return static_cast<int>(threadIdx.x) * kStretch; }

  __device__ float sum() const {
    float total = 0;
#pragma unroll
    for (int i = 0; i < kStretch; ++i) total += weight[i];
    return total;
  }

  __device__ Above above(float level) const {
    float mass = 0;
    int codes = 0;
#pragma unroll
    for (int i = 0; i < kStretch; ++i) {
      const bool counts = z[i] > level;
      mass += counts ? weight[i] : 0.0f;
      codes += counts;
    }
    return {mass, codes};
  }

  __device__ int between(float low, float high) const {
    int codes = 0;
#pragma unroll
    for (int i = 0; i < kStretch; ++i) codes += z[i] > low && z[i] <= high;
    return codes;
  }

  __device__ void keep(Edge edge) {
#pragma unroll
    for (int i = 0; i < kStretch; ++i) {
      const bool stays = z[i] > edge.z || (z[i] == edge.z && first() + i <= edge.code);
      weight[i] = stays ? weight[i] : 0.0f;
    }
  }

  __device__ void sharpen(float power, float peak) {
#pragma unroll
    for (int i = 0; i < kStretch; ++i) {
      weight[i] = weight[i] > 0.0f ? expf(power * (z[i] - peak)) : 0.0f;
    }
  }
};

/// Guided logits of a token into `row`, behind its end -inf; this thread's largest.
__device__ inline float guide_row(const DrawCodes& a, std::int64_t token, float* row) {
  const int codes = static_cast<int>(a.codes);
  const float* wanted = a.wanted + token * a.codes;
  const float* unwanted = a.unwanted == nullptr ? nullptr : a.unwanted + token * a.codes;
  float peak = -HUGE_VALF;
#pragma unroll
  for (int i = 0; i < kStretch; ++i) {
    const int code = i * static_cast<int>(blockDim.x) + static_cast<int>(threadIdx.x);
    float value = code < codes ? __ldcs(wanted + code) : -HUGE_VALF;
    if (unwanted != nullptr) {
      const float base = code < codes ? fmaxf(__ldcs(unwanted + code), kFloor) : 0.0f;
      value = __fadd_rn(base, __fmul_rn(a.guidance, __fsub_rn(value, base)));
    }
    row[code] = value;
    peak = fmaxf(peak, value);
  }
  return peak;
}

/// What truncation keeps: codes until their weight first reaches `mass`, at most so many.
struct Limit {
  double mass;
  int codes;

  __device__ bool reached(const Above& kept) const {
    return kept.codes > 0 && (kept.mass >= mass || kept.codes >= codes);
  }
};

/// Numbers in the order of the floats.
__device__ inline int order_of(float x) {
  const int bits = __float_as_int(x);
  return bits < 0 ? bits ^ 0x7fffffff : bits;
}

__device__ inline float float_of(int order) {
  return __int_as_float(order < 0 ? order ^ 0x7fffffff : order);
}

/// The codes with low < z <= high, among which the cut lies; all above `high` stay.
struct Bracket {
  float low;
  float high;
  Above above_high;
  int codes_above_low;

  __device__ int candidates() const { return codes_above_low - above_high.codes; }
};

/// Halves a bracket until it holds kFew codes at most, or equal ones only: by value, which follows
/// the codes' spread, then by the bits, which ends.
__device__ inline Bracket halve(Bracket b, const Limit& limit, const Stretch& own, Team& team) {
  constexpr int kByValue = 20;
  for (int i = 0; b.candidates() > kFew; ++i) {
    float middle = 0.5f * (b.low + b.high);
    if (i >= kByValue || !(middle > b.low && middle < b.high)) {
      const int low = order_of(b.low);
      const unsigned apart = static_cast<unsigned>(order_of(b.high)) - static_cast<unsigned>(low);
      if (apart <= 1) break;
      middle = float_of(low + static_cast<int>(apart / 2));
    }
    const Above above = team.sum(own.above(middle));
    const bool more = above.mass < limit.mass && above.codes < limit.codes;
    if (more) {
      b.high = middle;
      b.above_high = above;
    } else {
      b.low = middle;
      b.codes_above_low = above.codes;
    }
  }
  return b;
}

/// The edge among a handful of codes, the last in their order that the limit lets in. `place` is
/// this thread's first candidate's among all.
__device__ inline Edge edge_of_few(
    const Bracket& b, const Limit& limit, const Stretch& own, int place, Shared& shared) {
#pragma unroll
  for (int i = 0; i < kStretch; ++i) {
    if (own.z[i] > b.low && own.z[i] <= b.high) {
      shared.candidates[place++] = {own.z[i], own.weight[i], Stretch::first() + i};
    }
  }
  __syncthreads();
  const int count = b.candidates();
  for (int mine = static_cast<int>(threadIdx.x); mine < count;
       mine += static_cast<int>(blockDim.x)) {
    const Candidate own_candidate = shared.candidates[mine];
    Above before = b.above_high;
    for (int k = 0; k < count; ++k) {  // in the order of the codes: lower ones come first
      const Candidate other = shared.candidates[k];
      if (other.z > own_candidate.z || (other.z == own_candidate.z && k < mine)) {
        before.mass += static_cast<double>(other.weight);
        ++before.codes;
      }
    }
    if (!limit.reached(before)) atomicMax(&shared.edge_place, before.codes * kFew + mine);
  }
  __syncthreads();
  const Candidate last = shared.candidates[shared.edge_place % kFew];
  return {last.z, last.code};
}

/// The edge among equal codes, of which the first stay; before = how many a thread has before it.
__device__ inline Edge edge_of_equal(
    const Bracket& b, const Limit& limit, const Stretch& own, int before, Shared& shared) {
#pragma unroll
  for (int i = 0; i < kStretch; ++i) {
    if (!(own.z[i] > b.low && own.z[i] <= b.high)) continue;
    const Above kept{b.above_high.mass + before * static_cast<double>(own.weight[i]),
                     b.above_high.codes + before};
    if (!limit.reached(kept)) atomicMax(&shared.edge_place, Stretch::first() + i);
    ++before;
  }
  __syncthreads();
  return {b.high, shared.edge_place};
}

/// Leaves the weights of codes that stay.
__device__ inline void drop_unlikely(
    const DrawCodes& a, float peak, double total, Stretch& own, Team& team, Shared& shared) {
  const Limit limit{a.keep_mass < 1.0 ? (a.keep_mass - kMassTolerance) * total : HUGE_VAL,
                    a.keep_codes > 0 && a.keep_codes < a.codes ? static_cast<int>(a.keep_codes)
                                                               : static_cast<int>(a.codes)};
  // Codes below `low` weigh less together than what may be dropped, so the cut does not lie there.
  float low = peak - kWeightless;
  if (a.keep_mass < 1.0) {
    const float dropped = static_cast<float>(total - limit.mass) / static_cast<float>(a.codes);
    low = fmaxf(low, peak + logf(dropped) - 0.01f);
  }
  const Above above_low = team.sum(own.above(low));
  if (!limit.reached(above_low)) return;  // the cut is among codes that weigh nothing
  Bracket bracket{low, peak, {0.0, 0}, above_low.codes};
  bracket = halve(bracket, limit, own, team);
  const int before = team.sums({0.0, own.between(bracket.low, bracket.high)}).before.codes;
  own.keep(bracket.candidates() <= kFew ? edge_of_few(bracket, limit, own, before, shared)
                                        : edge_of_equal(bracket, limit, own, before, shared));
}

/// The posterior's weights; kernels/draw_codes.h has their formulas.
struct Posterior {
  const CodeEvidence& evidence;
  double at_seen;  // the predicted weight of the code that is seen
  double ground;   // what every code gets

  __device__ double of_seen() const {
    return evidence.same * (evidence.keep * evidence.rho * at_seen + ground);
  }
  __device__ double of(int code, float weight) const {
    if (code == evidence.seen) return of_seen();
    return evidence.other * (evidence.keep * static_cast<double>(weight) + ground);
  }
  /// A stretch's weight is that of its sum, but for the code that is seen.
  __device__ double of_stretch(double sum, int first, int count) const {
    const double plain = evidence.other * (evidence.keep * sum + count * ground);
    if (evidence.seen < first || evidence.seen >= first + count) return plain;
    return plain + of_seen() - evidence.other * (evidence.keep * at_seen + ground);
  }
};

/// Of a thread's codes the first whose cumulative weight exceeds `height`, else its last of weight.
__device__ inline int walk(
    const Posterior& p, const Stretch& own, int codes, double below, double height) {
  int found = -1;
  bool passed = false;
#pragma unroll
  for (int i = 0; i < kStretch; ++i) {
    const int code = Stretch::first() + i;
    if (passed || code >= codes) continue;
    const double weight = p.of(code, own.weight[i]);
    if (weight <= 0.0) continue;
    found = code;
    below += weight;
    passed = below > height;
  }
  return found;
}

/// kBlocks: as many are to share a multiprocessor, which bounds a thread's registers.
template <int kThreads, int kBlocks>
__global__ void __launch_bounds__(kThreads, kBlocks) draw(DrawCodes a) {
  float* row = block_memory<float>();  // kStretch numbers a thread
  __shared__ Shared shared;
  const std::int64_t token = blockIdx.x;
  if (a.evidence != nullptr && a.evidence[token].carried) {
    if (threadIdx.x == 0) a.drawn[token] = a.evidence[token].seen;
    return;
  }
  if (threadIdx.x == 0) {
    shared.evidence = a.evidence == nullptr ? CodeEvidence{} : a.evidence[token];
    shared.uniform = a.drawn == nullptr ? 0.0f : a.uniform[token];
    shared.power = a.power == nullptr ? 1.0f : a.power[token];
    shared.edge_place = -1;
    shared.weight_of_seen = 0.0;
    shared.chosen = kMostThreads;
    shared.last = -1;
  }
  Team team(shared);  // whose first barrier is behind that
  const float peak = team.largest(guide_row(a, token, row));
  Stretch own;
  own.z = row + Stretch::first();
#pragma unroll
  for (int i = 0; i < kStretch; ++i) own.weight[i] = expf(own.z[i] - peak);
  const double total = team.sum({own.sum(), 0}).mass;
  if (a.best != nullptr && threadIdx.x == 0) a.best[token] = static_cast<float>(-log(total));
  if (a.drawn == nullptr) return;
  double kept = total;
  if (a.keep_mass < 1.0 || (a.keep_codes > 0 && a.keep_codes < a.codes)) {
    drop_unlikely(a, peak, total, own, team, shared);
    kept = team.sum({own.sum(), 0}).mass;
  }
  if (a.power != nullptr) {
    own.sharpen(shared.power, peak);
    kept = team.sum({own.sum(), 0}).mass;
  }

  const CodeEvidence& evidence = shared.evidence;
  const int codes = static_cast<int>(a.codes);
  const int first = Stretch::first();
  const int count = min(kStretch, max(0, codes - first));
#pragma unroll
  for (int i = 0; i < kStretch; ++i) {
    if (first + i == evidence.seen) shared.weight_of_seen = static_cast<double>(own.weight[i]);
  }
  __syncthreads();
  Posterior posterior{evidence, shared.weight_of_seen, 0.0};
  const double predicted = kept + (evidence.rho - 1.0) * posterior.at_seen;
  posterior.ground = evidence.uniform * predicted;

  const double weight = posterior.of_stretch(own.sum(), first, count);
  const Team::Sums sums = team.sums({weight, 0});
  const double below = sums.before.mass;
  const double all = sums.all.mass + evidence.stay * predicted;
  const double height = static_cast<double>(shared.uniform) * all;
  if (weight > 0.0) {
    if (below + weight > height) atomicMin(&shared.chosen, static_cast<int>(threadIdx.x));
    atomicMax(&shared.last, static_cast<int>(threadIdx.x));
  }
  __syncthreads();
  const bool above_all = shared.chosen == kMostThreads;  // then the mask's, or lost to rounding
  const int chosen = above_all ? shared.last : shared.chosen;
  if (chosen < 0 || (above_all && evidence.stay > 0.0)) {
    if (threadIdx.x == 0) a.drawn[token] = a.codes;
  } else if (static_cast<int>(threadIdx.x) == chosen) {
    const int code = walk(posterior, own, codes, below, height);
    a.drawn[token] = code;
    if (a.log_p != nullptr) {
      a.log_p[token] = static_cast<float>(static_cast<double>(row[code]) -
                                          static_cast<double>(peak) - log(total));
    }
  }
}

}  // namespace

const char* draw_codes(const DrawCodes& args, std::int64_t tokens, void* stream) {
  if (tokens == 0) return nullptr;
  if (args.codes > kMostCudaCodes) return "more codes than a block holds";
  const auto needed = static_cast<int>((args.codes + kStretch - 1) / kStretch);
  const int threads = (needed + kWarp - 1) / kWarp * kWarp;
  const Grid grid{dim3(static_cast<unsigned>(tokens)),
                  static_cast<unsigned>(threads),
                  static_cast<std::size_t>(threads) * kStretch * sizeof(float)};
  if (threads <= 256) return start(draw<256, 5>, grid, stream, args);
  if (threads <= 512) return start(draw<512, 2>, grid, stream, args);
  return start(draw<kMostThreads, 1>, grid, stream, args);
}

}  // namespace tessera::kernels::cuda
