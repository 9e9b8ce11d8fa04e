#include "train/code_source.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "nn/transfer.h"

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

void CodeSource::make_resident(const CodePoolPlan& plan) {
  pool_ = std::make_unique<const CodePool>(*source_, codec_, plan);
}

bool CodeSource::is_resident(const data::Batch& batch) const {
  return pool_ && batch.captions.empty() && !batch.indices.empty();
}

at::Tensor CodeSource::ids(const data::Batch& batch) const {
  return is_resident(batch) ? pool_->ids(batch.indices) : at::Tensor();
}

data::Batch CodeSource::fetch(const std::vector<std::int64_t>& indices, at::Device device) const {
  if (pool_ && std::ranges::all_of(indices, [&](std::int64_t i) { return i < pool_->size(); })) {
    return {.indices = indices};
  }
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
  if (is_resident(batch)) return pool_->codes(batch.indices);
  const at::Device device = codec_.model->parameters().front().device();
  if (batch.codes.defined()) return nn::to_device(batch.codes, device);
  const at::Tensor codes = codec_.model->encode(nn::to_device(batch.images, device)).flatten(1);
  if (cache_) {
    const std::lock_guard lock(cache_mutex_);
    cache_->put(batch.indices, codes);
  }
  return codes;
}

}  // namespace tessera::train
