#include "train/code_source.h"

namespace tessera::train {

CodeSource::CodeSource(std::shared_ptr<const data::Source> source,
                       Codec codec,
                       const std::filesystem::path& cache_folder)
    : source_(std::move(source)), codec_(std::move(codec)) {
  if (cache_folder.empty()) return;
  const vqvae::VqVaeOptions& options = codec_.model->options();
  cache_ = data::CodeCache::open(cache_folder,
                                 {.source = source_->fingerprint(),
                                  .quantiser = codec_.fingerprint,
                                  .samples = source_->size(),
                                  .tokens = options.grid() * options.grid(),
                                  .codes = options.codebook_size});
}

data::Batch CodeSource::fetch(const std::vector<std::int64_t>& indices, at::Device device) const {
  if (cache_) {
    data::CodeCache::Found found;
    {
      const std::lock_guard lock(cache_mutex_);
      found = cache_->get(indices);
    }
    if (found.complete) {
      return {.codes = found.codes, .captions = source_->captions(indices), .indices = indices};
    }
  }
  return source_->get(indices, device);
}

at::Tensor CodeSource::codes(const data::Batch& batch) {
  const at::NoGradGuard no_grad;
  const at::Device device = codec_.model->parameters().front().device();
  if (batch.codes.defined()) return batch.codes.to(device);
  const at::Tensor codes = codec_.model->encode(batch.images.to(device)).flatten(1);
  if (cache_) {
    const std::lock_guard lock(cache_mutex_);
    cache_->put(batch.indices, codes);
  }
  return codes;
}

}  // namespace tessera::train
