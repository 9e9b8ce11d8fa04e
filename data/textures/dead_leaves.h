#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::data {

/// Pictures without meaning whose statistics are those of photographs: opaque leaves of all sizes
/// over each other, "dead leaves" (Lee, Mumford and Huang 2001: radii with density r^-3 make
/// pictures scale-invariant), each an ellipse with a shade that falls off and a grain that falls
/// with 1 / f. Picture i is a function of (seed, i, resolution). -> [B, 3, S, S] float32 in [-1,
/// 1], 8-bit levels, on the CPU; S in 8..1024.
at::Tensor draw_dead_leaves(std::uint64_t seed,
                            const std::vector<std::int64_t>& indices,
                            std::int64_t resolution);

}  // namespace tessera::data
