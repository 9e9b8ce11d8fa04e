#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "data/code_cache.h"
#include "data/source.h"
#include "train/codec.h"

namespace tessera::train {

/// Samples as codes and captions. fetch() may run in the prefetching thread, codes() in the
/// training thread: pictures are drawn ahead, while the codec shares the training thread's cores.
class CodeSource {
 public:
  /// `cache_folder`: where codes are kept, each sample being encoded once; "" = encoded every time.
  CodeSource(std::shared_ptr<const data::Source> source,
             Codec codec,
             const std::filesystem::path& cache_folder);

  /// Captions, and codes where all are cached, else pictures.
  data::Batch fetch(const std::vector<std::int64_t>& indices, at::Device device) const;
  /// [B, N] int64 on the codec's device; what had to be encoded goes into the cache.
  at::Tensor codes(const data::Batch& batch);

  const Codec& codec() const { return codec_; }

 private:
  std::shared_ptr<const data::Source> source_;
  Codec codec_;
  std::unique_ptr<data::CodeCache> cache_{};
  mutable std::mutex cache_mutex_{};
};

}  // namespace tessera::train
