#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "data/code_cache.h"
#include "data/source.h"
#include "train/codec.h"

namespace tessera::train {

/// Samples as what Gaussian diffusion learns, and captions: pictures in [-1, 1], or, with a codec,
/// its features before they become codes. Features are rounded to half precision, so that those
/// from the cache are those that were just made, bit for bit. fetch() may run in the prefetching
/// thread, latents() in the training thread.
class LatentSource {
 public:
  /// `codec` without a model: pictures. `cache_folder`: where features are kept, 2 bytes a number;
  /// "" = made every time.
  LatentSource(std::shared_ptr<const data::Source> source,
               Codec codec,
               const std::filesystem::path& cache_folder);

  /// Captions, and features where all are cached (as the bits of halves), else pictures.
  data::Batch fetch(const std::vector<std::int64_t>& indices, at::Device device) const;
  /// [B, C, h, w] float32 on `device`; what had to be encoded goes into the cache.
  at::Tensor latents(const data::Batch& batch, at::Device device);

  const Codec& codec() const { return codec_; }
  const data::Source& source() const { return *source_; }

 private:
  std::shared_ptr<const data::Source> source_;
  Codec codec_;
  std::unique_ptr<data::CodeCache> cache_{};
  mutable std::mutex cache_mutex_{};
};

}  // namespace tessera::train
