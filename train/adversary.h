#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "train/optimizer.h"
#include "train/parameters.h"
#include "vqvae/patch_discriminator.h"

namespace tessera::train {

struct AdversaryOptions {
  std::int64_t channels = 32;
  std::int64_t layers = 3;
  double learning_rate = 2e-4;
  std::uint64_t seed = 0;
  c10::Device device = c10::kCPU;
};

/// A discriminator that learns beside a codec, and what it says of the codec's pictures.
class Adversary {
 public:
  explicit Adversary(const AdversaryOptions& options);

  struct Verdict {
    at::Tensor doubt{};     // minus the mean score of the reconstructions; scalar
    at::Tensor distance{};  // feature_distance(); scalar
  };
  /// Gradients reach `rendered` alone.
  Verdict judge(const at::Tensor& images, const at::Tensor& rendered);
  /// One step of its own on the same pictures; returns its loss.
  at::Tensor learn(const at::Tensor& images, const at::Tensor& rendered);
  /// Weights and moments, sharing storage.
  TensorMap state() const;

 private:
  double learning_rate_;
  vqvae::PatchDiscriminator network_;
  Parameters parameters_;
  std::unique_ptr<Optimizer> optimizer_;
};

}  // namespace tessera::train
