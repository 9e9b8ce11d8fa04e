#include "eval/inception/inception.h"

#include <algorithm>
#include <atomic>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "core/error.h"
#include "eval/inception/block_output.h"
#include "eval/inception/layers.h"

namespace tessera::eval {
namespace {

constexpr std::int64_t kSpatialChannels = 7;
constexpr const char* kSpatialBlock = "Mixed_6d";

}  // namespace

Inception::Inception(const InceptionWeights& weights, at::Device device, at::ScalarType type)
    : classes_(weights.classes.to(device)), device_(device), type_(type) {
  const at::NoGradGuard no_grad;
  for (const InceptionLayer& layer : inception_layers()) {
    convolutions_.try_emplace(layer.name, layer, weights.convolutions.at(layer.name), device, type);
  }
}

at::Tensor Inception::chain(const at::Tensor& x,
                            const std::string& block,
                            std::initializer_list<const char*> layers) const {
  at::Tensor y = x;
  for (const char* name : layers) y = layer(block + name).rectified(y);
  return y;
}

// The mean of a branch that pools and then convolves changes places with its 1 x 1 convolution,
// which has far fewer channels to give than to take: a mean of pixels that there are keeps a bias.

at::Tensor Inception::block_35(const at::Tensor& x, const std::string& name) const {
  const at::Tensor pool = layer(name + ".branch_pool").linear(x);
  BlockOutput out(x, 64 + 64 + 96 + pool.size(1), x.size(2));
  out.add(chain(x, name, {".branch1x1"}));
  out.add(chain(x, name, {".branch5x5_1", ".branch5x5_2"}));
  out.add(chain(x, name, {".branch3x3dbl_1", ".branch3x3dbl_2", ".branch3x3dbl_3"}));
  out.add_rectified_mean(pool);
  return out.all();
}

at::Tensor Inception::block_35_to_17(const at::Tensor& x, const std::string& name) const {
  BlockOutput out(x, 384 + 96 + x.size(1), 17);
  out.add(chain(x, name, {".branch3x3"}));
  out.add(chain(x, name, {".branch3x3dbl_1", ".branch3x3dbl_2", ".branch3x3dbl_3"}));
  out.add_maximum(x, 2, 0);
  return out.all();
}

at::Tensor Inception::block_17(const at::Tensor& x, const std::string& name) const {
  BlockOutput out(x, 4 * 192, x.size(2));
  out.add(chain(x, name, {".branch1x1"}));
  out.add(chain(x, name, {".branch7x7_1", ".branch7x7_2", ".branch7x7_3"}));
  out.add(chain(x,
                name,
                {".branch7x7dbl_1",
                 ".branch7x7dbl_2",
                 ".branch7x7dbl_3",
                 ".branch7x7dbl_4",
                 ".branch7x7dbl_5"}));
  out.add_rectified_mean(layer(name + ".branch_pool").linear(x));
  return out.all();
}

at::Tensor Inception::block_17_to_8(const at::Tensor& x, const std::string& name) const {
  BlockOutput out(x, 320 + 192 + x.size(1), 8);
  out.add(chain(x, name, {".branch3x3_1", ".branch3x3_2"}));
  out.add(chain(x, name, {".branch7x7x3_1", ".branch7x7x3_2", ".branch7x7x3_3", ".branch7x7x3_4"}));
  out.add_maximum(x, 2, 0);
  return out.all();
}

at::Tensor Inception::block_8(const at::Tensor& x, const std::string& name, LastPool pool) const {
  const at::Tensor one = chain(x, name, {".branch3x3_1"});
  const at::Tensor two = chain(x, name, {".branch3x3dbl_1", ".branch3x3dbl_2"});
  BlockOutput out(x, 320 + 4 * 384 + 192, x.size(2));
  out.add(chain(x, name, {".branch1x1"}));
  out.add(chain(one, name, {".branch3x3_2a"}));
  out.add(chain(one, name, {".branch3x3_2b"}));
  out.add(chain(two, name, {".branch3x3dbl_3a"}));
  out.add(chain(two, name, {".branch3x3dbl_3b"}));
  if (pool == LastPool::kMean) {
    out.add_rectified_mean(layer(name + ".branch_pool").linear(x));
  } else {
    BlockOutput maximum(x, x.size(1), x.size(2));
    maximum.add_maximum(x, 1, 1);
    out.add(chain(maximum.all(), name, {".branch_pool"}));
  }
  return out.all();
}

Inception::Middle Inception::run(const at::Tensor& inputs) const {
  at::Tensor x = inputs.to(device_, type_).contiguous(at::MemoryFormat::ChannelsLast);
  x = halved_maximum(chain(x, "Conv2d_", {"1a_3x3", "2a_3x3", "2b_3x3"}));
  x = halved_maximum(chain(x, "Conv2d_", {"3b_1x1", "4a_3x3"}));
  for (const char* name : {"Mixed_5b", "Mixed_5c", "Mixed_5d"}) x = block_35(x, name);
  x = block_35_to_17(x, "Mixed_6a");
  at::Tensor spatial;
  for (const char* name : {"Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"}) {
    x = block_17(x, name);
    // The block's first branch comes first in its output.
    if (std::string_view(name) == kSpatialBlock) spatial = x.narrow(1, 0, kSpatialChannels);
  }
  x = block_17_to_8(x, "Mixed_7a");
  x = block_8(block_8(x, "Mixed_7b", LastPool::kMean), "Mixed_7c", LastPool::kMaximum);
  return {.pooled = x.to(at::kFloat).mean({2, 3}),
          .spatial = spatial.to(at::kCPU, at::kFloat).permute({0, 2, 3, 1}).flatten(1)};
}

Inception::Middle Inception::run_chunks(const at::Tensor& inputs) const {
  const std::int64_t count = inputs.size(0);
  const std::int64_t chunks = (count + kInceptionChunk - 1) / kInceptionChunk;
  std::vector<Middle> parts(static_cast<std::size_t>(chunks));
  const auto run_one = [&](std::int64_t k) {
    const at::NoGradGuard no_grad;  // a thread has its own
    const std::int64_t begin = k * kInceptionChunk;
    const std::int64_t own = std::min(kInceptionChunk, count - begin);
    at::Tensor some = inputs.narrow(0, begin, own);
    // Filled up, so that every picture is summed the same way whatever its batch.
    if (own < kInceptionChunk) {
      some = at::constant_pad_nd(some, {0, 0, 0, 0, 0, 0, 0, kInceptionChunk - own});
    }
    const Middle all = run(some);
    parts[static_cast<std::size_t>(k)] = {.pooled = all.pooled.narrow(0, 0, own),
                                          .spatial = all.spatial.narrow(0, 0, own)};
  };
  // Threads work side by side on chunks of their own where each has some, for then none waits for
  // another at every layer, and a thread that was held up takes fewer of them; together on one
  // chunk after the other where not.
  const std::int64_t threads = at::get_num_threads();
  if (chunks >= threads) {
    std::atomic<std::int64_t> taken = 0;
    at::parallel_for(0, threads, 1, [&](std::int64_t, std::int64_t) {
      for (std::int64_t k = taken++; k < chunks; k = taken++) run_one(k);
    });
  } else {
    for (std::int64_t k = 0; k < chunks; ++k) run_one(k);
  }
  std::vector<at::Tensor> pooled;
  std::vector<at::Tensor> spatial;
  for (const Middle& part : parts) {
    pooled.push_back(part.pooled);
    spatial.push_back(part.spatial);
  }
  return {.pooled = at::cat(pooled), .spatial = at::cat(spatial)};
}

Features Inception::forward(const at::Tensor& inputs) const {
  TESSERA_CHECK(inputs.dim() == 4 && inputs.size(1) == 3 && inputs.size(2) == kInceptionSide &&
                    inputs.size(3) == kInceptionSide,
                kShapeMismatch,
                "the Inception network takes [B, 3, 299, 299], got ",
                inputs.sizes());
  const at::NoGradGuard no_grad;
  const bool in_chunks = device_.is_cpu() && inputs.size(0) > 0;
  const Middle middle = in_chunks ? run_chunks(inputs) : run(inputs);
  return {.pooled = middle.pooled.cpu(),
          .spatial = middle.spatial,
          .logits = at::linear(middle.pooled, classes_).cpu()};
}

}  // namespace tessera::eval
