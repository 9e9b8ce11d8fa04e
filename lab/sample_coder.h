#pragma once

#include <cstdint>
#include <vector>

#include "core/philox.h"

namespace tessera::lab {

/// N(mean, variance I).
struct Ball {
  std::vector<double> mean{};
  double variance = 1.0;
};

/// Names the random numbers that sender and receiver share; message and step make it unique.
struct SharedNoise {
  std::uint64_t seed = 0;
  std::uint32_t message = 0;
  std::uint32_t step = 0;
};

/// One sample on its way: the number of the proposal that was taken, from 1, and what it holds.
struct CodedSample {
  std::uint64_t index = 0;
  std::vector<double> value{};
};

/// Draws from `target` so that a receiver who knows only `proposal` can repeat the draw from a
/// single integer: the Poisson functional representation (Li and El Gamal 2018). Proposals z_i come
/// from the shared stream, with arrival times of a Poisson process; the one with the least time
/// over density ratio is an exact sample of the target, and E log2(index) <= KL + 1.54 bits.
/// Throws kInvalidArgument unless 0 < target.variance < proposal.variance and sizes agree, and
/// where more than 2^22 proposals would be needed.
CodedSample send_sample(const Ball& target, const Ball& proposal, const SharedNoise& noise);

/// The same value from the index alone.
std::vector<double> receive_sample(std::uint64_t index,
                                   const Ball& proposal,
                                   const SharedNoise& noise);

/// KL(target || proposal) in bits: what no code of that sample can stay below on average.
double code_floor_bits(const Ball& target, const Ball& proposal);

/// A string of bits that integers >= 1 are appended to and read from (Elias' gamma code:
/// 2 floor(log2 n) + 1 bits; delta: the length itself in gamma, better from 32 on).
class BitString {
 public:
  void append_delta(std::uint64_t number);
  /// Throws kCorruptFile at the end of the string, or where no code begins.
  std::uint64_t read_delta();
  std::size_t size() const { return bits_.size(); }

 private:
  void append_gamma(std::uint64_t number);
  std::uint64_t read_gamma();
  bool next();

  std::vector<bool> bits_{};
  std::size_t position_ = 0;
};

}  // namespace tessera::lab
