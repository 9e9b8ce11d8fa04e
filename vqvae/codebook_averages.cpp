#include "vqvae/codebook_averages.h"

#include <ATen/ATen.h>

namespace tessera::vqvae {
namespace {

constexpr const char* kCodebook = "quantizer.embedding";
constexpr const char* kSums = "quantizer.embedding_avg";
constexpr const char* kCounts = "quantizer.cluster_size";

}  // namespace

void drop_codebook_averages(std::map<std::string, at::Tensor>& weights) {
  weights.erase(kSums);
  weights.erase(kCounts);
}

void restore_codebook_averages(std::map<std::string, at::Tensor>& weights,
                               const VqVaeOptions& options) {
  const auto codebook = weights.find(kCodebook);
  if (options.quantizer != "ema" || codebook == weights.end() || codebook->second.dim() != 2)
    return;
  weights.try_emplace(kSums, codebook->second);
  weights.try_emplace(kCounts, at::ones({codebook->second.size(0)}, codebook->second.options()));
}

}  // namespace tessera::vqvae
