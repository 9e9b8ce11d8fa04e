#include "train/latent_source.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "nn/transfer.h"

namespace tessera::train {
namespace {

constexpr std::int64_t kBits = 1 << 16;  // values of the bits of a half

at::Tensor bits_of(const at::Tensor& halves) {
  return halves.to(at::kCPU).contiguous().view(at::kShort).to(at::kLong).bitwise_and(kBits - 1);
}

at::Tensor halves_of(const at::Tensor& bits) {
  return at::where(bits >= kBits / 2, bits - kBits, bits).to(at::kShort).view(at::kHalf);
}

}  // namespace

LatentSource::LatentSource(std::shared_ptr<const data::Source> source,
                           Codec codec,
                           const std::filesystem::path& cache_folder)
    : source_(std::move(source)), codec_(std::move(codec)) {
  if (cache_folder.empty() || !codec_.model) return;
  const vqvae::VqVaeOptions& o = codec_.model->options();
  cache_ = data::CodeCache::open(cache_folder,
                                 {.source = source_->fingerprint(),
                                  .quantiser = codec_.fingerprint + "/features-half",
                                  .samples = source_->size(),
                                  .tokens = o.code_dim * o.grid() * o.grid(),
                                  .codes = kBits});
}

data::Batch LatentSource::fetch(const std::vector<std::int64_t>& indices, at::Device device) const {
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

at::Tensor LatentSource::latents(const data::Batch& batch, at::Device device) {
  const at::NoGradGuard no_grad;
  if (!codec_.model) return nn::to_device(batch.images, device);
  const vqvae::VqVaeOptions& o = codec_.model->options();
  if (batch.codes.defined()) {
    return nn::to_device(halves_of(batch.codes).view({-1, o.code_dim, o.grid(), o.grid()}), device)
        .to(at::kFloat);
  }
  const at::Tensor halves =
      codec_.model->features(nn::to_device(batch.images, device)).to(at::kHalf);
  if (cache_) {
    const at::Tensor bits = bits_of(halves).flatten(1);
    const std::lock_guard lock(cache_mutex_);
    cache_->put(batch.indices, bits);
  }
  return halves.to(at::kFloat);
}

}  // namespace tessera::train
