#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/denoiser.h"
#include "diffusion/discrete/transition.h"
#include "eval/intervals.h"
#include "io/json_fields.h"
#include "nn/condition.h"

namespace tessera::eval {

/// How the bound is summed over the chain's times.
struct TokenBitsPlan {
  /// Network calls a picture. 0: every time of the chain. Else time 1 and so many less one others,
  /// one drawn evenly from each of as many equal stretches of 2 … T and counted for all of its
  /// stretch: the sum keeps its expectation. At least 2.
  std::int64_t times = 0;
  std::uint64_t seed = 0;  // picture k takes stream k of it
};

/// The terms of one picture, nats over all of its tokens.
struct TokenTerms {
  double prior = 0;  // KL(q(x_T | x_0) || p(x_T)); infinite where p(x_T) excludes what q does not
  double denoising = 0;  // sum over t = 2 … T of KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t))
  double decoding = 0;   // -log p(x_0 | x_1)
  double total() const { return prior + denoising + decoding; }
};

/// The variational bound on -log p(x_0 | caption) of codes under a discrete chain (Sohl-Dickstein
/// et al. 2015; Austin et al. 2021, eq. 1; VQ-Diffusion, eq. 6 to 8), estimated with one x_t a
/// time.
class TokenBits {
 public:
  /// Both must outlive it. Throws kInvalidArgument for a plan out of range.
  TokenBits(diffusion::DiscreteDenoiser& denoiser,
            const diffusion::Transition& transition,
            const TokenBitsPlan& plan);

  /// Codes x0 [B, N] int64 on the device of the networks, and what they know of each picture;
  /// picture `first` of the run is the first row. Records no gradient.
  void add(const at::Tensor& x0, const nn::Condition& condition, std::int64_t first);

  const std::vector<TokenTerms>& pictures() const { return pictures_; }
  std::int64_t tokens() const { return tokens_; }  // N
  std::int64_t calls() const;                      // network calls a picture

  /// What was seen at one time: the bound's term and -log p(x_0 | x_t), nats a token.
  struct Time {
    std::vector<double> term{};
    std::vector<double> guess{};
  };
  const std::vector<Time>& times() const { return times_; }  // T + 1; entry 0 is empty

 private:
  struct Stretch {
    std::int64_t first = 1;  // times first … first + count - 1
    std::int64_t count = 1;
  };

  diffusion::DiscreteDenoiser& denoiser_;
  const diffusion::Transition& transition_;
  TokenBitsPlan plan_;
  std::vector<Stretch> stretches_{};
  at::Tensor prior_{};  // [K] float64: the prior's term of a token of each code
  std::vector<TokenTerms> pictures_{};
  std::vector<Time> times_{};
  std::int64_t tokens_ = 0;
};

/// "pictures", "tokens", "codes", "bits_per_token", "bits_per_picture", "bits_per_dimension" (of
/// the picture's 3 H W values), each with mean, error and interval; the terms; and a row a time.
/// Where the prior's term is infinite it is null and left out of the sums.
io::Json token_bits_report(const TokenBits& bits, std::int64_t codes, std::int64_t dimensions);
std::string token_bits_table(const io::Json& report);

}  // namespace tessera::eval
