#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "data/code_cache.h"
#include "data/source.h"
#include "train/code_pool.h"
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

  /// From now on samples below plan.samples come from a pool on the codec's device.
  void make_resident(const CodePoolPlan& plan);

  /// Indices alone where they are resident; else captions, and codes where all are cached, else
  /// pictures.
  data::Batch fetch(const std::vector<std::int64_t>& indices, at::Device device) const;
  /// [B, N] int64 on the codec's device; what had to be encoded goes into the cache.
  at::Tensor codes(const data::Batch& batch);

  /// Token ids [B, L] int64 on that device of a batch that is resident; undefined of another.
  at::Tensor ids(const data::Batch& batch) const;

  const Codec& codec() const { return codec_; }

 private:
  bool is_resident(const data::Batch& batch) const;

  std::shared_ptr<const data::Source> source_;
  Codec codec_;
  std::unique_ptr<data::CodeCache> cache_{};
  mutable std::mutex cache_mutex_{};
  std::unique_ptr<const CodePool> pool_{};
};

}  // namespace tessera::train
