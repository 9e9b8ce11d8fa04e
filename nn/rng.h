#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include <ATen/core/Tensor.h>

#include "core/philox.h"

namespace tessera::nn {

/// The only source of randomness in library code; a value, passed explicitly, never global.
/// Row r of a result belongs to image `images[r]`: splitting a batch changes nothing.
/// Two ways to number pictures: `of_run` (one seed, many images: training, evaluation) and
/// `of_seeds` (each picture has a seed of its own and is image 0 of it: generation, where picture k
/// of seed s must equal picture 0 of seed s + k).
struct Rng {
  std::uint64_t seed = 0;  // of every row, where `seeds` is undefined
  at::Tensor images{};     // [B] int64 on the CPU, index of each row's image in the run
  at::Tensor seeds{};  // [B] int64 on the CPU, the bits of each row's own seed; may be undefined

  /// Rows first, first + 1, … first + count - 1 of one run with one seed.
  static Rng of_run(std::uint64_t seed, std::int64_t first, std::int64_t count);
  /// Row r is image 0 of seed `seeds[r]`.
  static Rng of_seeds(std::span<const std::uint64_t> seeds);

  /// float32 on `device`, [B, shape…]; `shape` is that of one image, without B.
  at::Tensor uniform(Purpose purpose,
                     std::int64_t step,
                     at::IntArrayRef shape,
                     at::Device device = at::kCPU) const;  // (0, 1)
  at::Tensor normal(Purpose purpose,
                    std::int64_t step,
                    at::IntArrayRef shape,
                    at::Device device = at::kCPU) const;  // N(0, 1)
  /// -log(-log(u)): argmax(log p + gumbel) is a draw from p.
  at::Tensor gumbel(Purpose purpose,
                    std::int64_t step,
                    at::IntArrayRef shape,
                    at::Device device = at::kCPU) const;
};

/// Noise of a sampler's step: the stream, or, in tests against a recording, the numbers themselves.
struct Noise {
  Rng rng{};
  std::optional<at::Tensor> recorded{};  // uniforms in [0, 1), in the draw's own shape

  /// Uniforms [B, shape…]: the recorded ones where there are some (reshaped), else the stream's.
  at::Tensor uniform(Purpose purpose,
                     std::int64_t step,
                     at::IntArrayRef shape,
                     at::Device device = at::kCPU) const;
  /// Gumbel noise made from uniform(). Of recorded numbers as the published programs make it, in
  /// float32 and so that 0 is no infinity: -log(-log(u + 1e-30) + 1e-30).
  at::Tensor gumbel(Purpose purpose,
                    std::int64_t step,
                    at::IntArrayRef shape,
                    at::Device device = at::kCPU) const;
};

}  // namespace tessera::nn
