#include "train/code_pool.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "nn/transfer.h"

namespace tessera::train {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int16_t>::max();

at::Tensor rows_of(const at::Tensor& table, const std::vector<std::int64_t>& indices) {
  const at::Tensor rows = nn::to_device(at::tensor(indices, at::kLong), table.device());
  return table.index_select(0, rows).to(at::kLong);
}

/// The ids of many captions, by all threads.
at::Tensor ids_of(const std::vector<std::string>& captions, const CodePoolPlan& plan) {
  constexpr std::int64_t kAtOnce = 32;  // captions that are worth a thread
  const std::int64_t pieces = (std::ssize(captions) + kAtOnce - 1) / kAtOnce;
  std::vector<at::Tensor> parts(static_cast<std::size_t>(pieces));
  at::parallel_for(0, pieces, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      const auto begin = captions.begin() + piece * kAtOnce;
      const auto end = captions.begin() + std::min((piece + 1) * kAtOnce, std::ssize(captions));
      parts[static_cast<std::size_t>(piece)] = plan.ids_of({begin, end});
    }
  });
  return at::cat(parts);
}

}  // namespace

CodePool::CodePool(const data::Source& source, const Codec& codec, const CodePoolPlan& plan) {
  const at::NoGradGuard no_grad;
  const vqvae::VqVaeOptions& options = codec.model->options();
  TESSERA_CHECK(plan.samples >= 1 && plan.samples <= source.size() && plan.batch >= 1,
                kInvalidArgument,
                "a pool of ",
                plan.samples,
                " samples in batches of ",
                plan.batch,
                "; the source has ",
                source.size());
  TESSERA_CHECK(options.codebook_size <= kMost,
                kInvalidArgument,
                "a resident pool keeps codes in two bytes; the codec has ",
                options.codebook_size,
                " codes, ",
                kMost,
                " fit");
  const at::Device device = codec.model->parameters().front().device();
  const auto shorts = at::TensorOptions(device).dtype(at::kShort);
  codes_ = at::empty({plan.samples, options.grid() * options.grid()}, shorts);
  for (std::int64_t first = 0; first < plan.samples; first += plan.batch) {
    std::vector<std::int64_t> indices(
        static_cast<std::size_t>(std::min(plan.batch, plan.samples - first)));
    std::iota(indices.begin(), indices.end(), first);
    const data::Batch drawn = source.get(indices, plan.draw_on.value_or(device));
    const at::Tensor ids = ids_of(drawn.captions, plan);
    TESSERA_CHECK(ids.max().item<std::int64_t>() <= kMost,
                  kInvalidArgument,
                  "a resident pool keeps token ids in two bytes; the tokenizer has larger ones");
    if (!ids_.defined()) ids_ = at::empty({plan.samples, ids.size(1)}, shorts);
    const std::int64_t last = first + std::ssize(indices);
    const at::Tensor images = nn::to_device(drawn.images, device);
    codes_.slice(0, first, last).copy_(codec.model->encode(images).flatten(1));
    ids_.slice(0, first, last).copy_(nn::to_device(ids.to(at::kShort), device));
    if (plan.on_batch) plan.on_batch(last);
  }
}

at::Tensor CodePool::codes(const std::vector<std::int64_t>& indices) const {
  return rows_of(codes_, indices);
}

at::Tensor CodePool::ids(const std::vector<std::int64_t>& indices) const {
  return rows_of(ids_, indices);
}

}  // namespace tessera::train
