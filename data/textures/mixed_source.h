#pragma once

#include <cstdint>
#include <memory>

#include "data/source.h"

namespace tessera::data {

struct TextureMix {
  double share = 0.25;  // of the samples, in [0, 1]
  std::uint64_t seed = 0;
  std::int64_t resolution = 64;  // of the other source's pictures
};

/// `source`, in which a share of the samples, chosen by a hash of their index, are pictures of
/// draw_dead_leaves() with empty captions: so that a codec keeps what no scene of sprites shows.
/// Throws kInvalidArgument for a share outside [0, 1].
std::shared_ptr<const Source> mix_with_textures(std::shared_ptr<const Source> source,
                                                const TextureMix& mix);

}  // namespace tessera::data
