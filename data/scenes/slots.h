#pragma once

#include <cmath>
#include <cstdint>

#include "core/philox.h"

namespace tessera::data {

/// What each number of a scene's stream is for. Unused slots are skipped, never moved, so a new
/// kind leaves the scenes of the others as they are. 9 and 10-12 for places are not drawn.
enum class Slot : std::uint32_t {
  kKind = 0,
  kNoun = 1,        // 1..3: objects A, B, C
  kColour = 4,      // 4..6; 4 also decides between plain and coloured
  kBackground = 7,  // or the place
  kVariant = 8,
  kBackgroundJitter = 10,  // 10..12
  kObject = 13,            // 13..30: side, jitter y, jitter x of each object
  kMirror = 31,            // bit k for object k; bit 6: the large object on the right
  kPhrase = 32,
  kOpening = 33,
  kSizeWord = 34,
  kMirroredWording = 35,
  kPlaceValues = 36,  // 36..63
};

/// The numbers of one attempt at one scene: slot s is the first word of block s.
class Draws {
 public:
  Draws(std::uint64_t seed, std::uint32_t index, std::uint32_t attempt)
      : key_{.seed = seed, .image = index, .purpose = Purpose::kScene, .step = attempt} {}

  std::uint32_t word(Slot slot, int offset = 0) const {
    return philox(key_, static_cast<std::uint32_t>(slot) + static_cast<std::uint32_t>(offset)).w[0];
  }
  /// 0 .. n-1.
  int pick(Slot slot, int offset, std::size_t n) const {
    return static_cast<int>((std::uint64_t{word(slot, offset)} * n) >> 32);
  }
  /// Uniform in (0, 1).
  double unit_at(Slot slot, int offset = 0) const { return unit(word(slot, offset)); }
  /// Uniform between two bounds, rounded to 1/64: whole steps, so no machine rounds them otherwise.
  double between(double low, double high, Slot slot, int offset) const {
    return std::floor((low + (high - low) * unit_at(slot, offset)) * 64 + 0.5) / 64;
  }

 private:
  RngKey key_;
};

}  // namespace tessera::data
