#pragma once

#include <cstdint>
#include <vector>

namespace tessera::data {

/// In which order samples are shown. Every epoch is another permutation of all samples, keyed by
/// (seed, epoch) and computed position by position, so that nothing is stored, any step can be
/// asked for first, and neither workers nor ranks change it.
struct OrderOptions {
  std::int64_t samples = 0;  // 1 … 2^62
  std::int64_t batch = 1;    // rows of one step, over all ranks
  std::uint64_t seed = 0;
  void validate() const;
};

/// The `batch` samples of optimisation step `step`, counted from 1 over the whole run: positions
/// (step − 1)·batch … step·batch − 1 of the endless row of epochs. A step may reach into the next
/// epoch; no sample is left out.
std::vector<std::int64_t> indices_of_step(const OrderOptions& order, std::int64_t step);

/// Which sample stands at `position` in [0, samples) of epoch `epoch`.
std::int64_t shuffled(const OrderOptions& order, std::int64_t epoch, std::int64_t position);

}  // namespace tessera::data
