#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define TESSERA_HOST_DEVICE __host__ __device__
#else
#define TESSERA_HOST_DEVICE
#endif

namespace tessera {

/// What a draw is for; part of the counter, so no two uses share a number. Values are for ever.
enum class Purpose : std::uint32_t {
  kPrior = 1,        // x_T
  kStep = 2,         // the draw of x_s from p(x_s | x_t)
  kTime = 3,         // t of a training row
  kDropout = 4,      // caption dropout
  kScene = 5,        // scene synthesis: (slot, attempt, scene index)
  kOrder = 6,        // order of samples
  kForward = 7,      // x_t from q(x_t | x_0) in training
  kConfidence = 8,   // which candidates a sampler shows
  kCandidate = 9,    // candidate x_0 of the samplers that show some of them
  kRevive = 10,      // which batch vectors become new codes
  kInit = 11,        // initial weights
  kGumbel = 12,      // Gumbel quantiser
  kSeed = 13,        // seeds drawn from a seed
  kExperiment = 14,  // an experiment's own draws: its data, its Monte Carlo samples
  kResample = 15,    // which rows a bootstrap or a random subset takes
  kLangevin = 16,    // the noise of a Langevin step, by inner step
};

/// Names one stream: the same on every device, whatever the batch size or the thread count.
struct RngKey {
  std::uint64_t seed = 0;
  std::uint32_t image = 0;  // index of the image in the run, not its row in the batch
  Purpose purpose = Purpose::kPrior;
  std::uint32_t step = 0;
};

struct Word4 {
  std::uint32_t w[4];
};

/// The bare generator Philox4x32-10 (Salmon et al., SC 2011): counter and key to 128 random bits.
TESSERA_HOST_DEVICE constexpr Word4 philox4x32(Word4 c, std::uint32_t key0, std::uint32_t key1) {
  std::uint32_t a = key0;
  std::uint32_t b = key1;
  for (int round = 0; round < 10; ++round, a += 0x9E3779B9u, b += 0xBB67AE85u) {
    const std::uint64_t p = 0xD2511F53ull * c.w[0];
    const std::uint64_t q = 0xCD9E8D57ull * c.w[2];
    c = {{static_cast<std::uint32_t>(q >> 32) ^ c.w[1] ^ a,
          static_cast<std::uint32_t>(q),
          static_cast<std::uint32_t>(p >> 32) ^ c.w[3] ^ b,
          static_cast<std::uint32_t>(p)}};
  }
  return c;
}

/// 128 random bits of stream `key`, block `block` (numbers 4*block .. 4*block+3).
/// Number i of a draw is word i % 4 of block i / 4, i the position inside one image.
TESSERA_HOST_DEVICE constexpr Word4 philox(const RngKey& key, std::uint32_t block) {
  return philox4x32({{block, key.step, key.image, static_cast<std::uint32_t>(key.purpose)}},
                    static_cast<std::uint32_t>(key.seed),
                    static_cast<std::uint32_t>(key.seed >> 32));
}

/// Open interval (0, 1), exact in float32: log(u) and log(-log(u)) are finite.
TESSERA_HOST_DEVICE constexpr float unit(std::uint32_t word) {
  return (static_cast<float>(word >> 9) + 0.5f) * 0x1p-23f;
}

}  // namespace tessera
