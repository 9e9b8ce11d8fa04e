#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/categorical.h"
#include "diffusion/discrete/transition.h"
#include "diffusion/discrete/truncation.h"
#include "diffusion/time_step.h"
#include "nn/rng.h"

namespace tessera::diffusion {

/// A network's answer for some pictures, not normalised.
struct Logits {
  at::Tensor wanted{};    // [B, N, K]
  at::Tensor unwanted{};  // the same for the prompt to keep away from; undefined = no guidance
};

/// One code a token, and what the prediction says of it.
struct DrawnCodes {
  at::Tensor codes{};  // [B, N] int64
  at::Tensor log_p{};  // [B, N] float32, log p(x_0 = code)
};

/// log p' = log softmax(power log p), [B, N, K]; power [B, N].
at::Tensor sharpen(const at::Tensor& log_p, const at::Tensor& power);

/// p(x_0 | x_t) of one step, guided and truncated. Log-probabilities are what it means; the draws
/// go from the logits to the codes without ever writing them (kernels/draw_codes.h), where the
/// logits are float32 on the CPU, or on a GPU with libtessera_cuda.so, and the noise is no
/// recording. Both ways agree to rounding.
/// Not for several threads at once; the logits are the network's and live until its next step.
class Prediction {
 public:
  Prediction() = default;
  /// Log-probabilities as they are, [B, N, K], up to a factor.
  Prediction(at::Tensor log_p);  // NOLINT(google-explicit-constructor): the same thing, computed
  /// Pieces of a batch, in its order.
  Prediction(std::vector<Logits> pieces, double guidance, const Truncation& truncation);

  /// [B, N, K]; computed when it is asked for first.
  const at::Tensor& log_p() const;

  /// [B, N] log p(x_0 = k) of the likeliest code k of each token.
  at::Tensor best_log_p() const;
  /// A code of x_0 for each token, by draw_categorical()'s rule: from p, or from p sharpened to a
  /// power of each token's own, `power` [B, N] >= 1.
  DrawnCodes draw(const nn::Noise& noise, DrawKey key, const at::Tensor& power = {}) const;
  /// x_{time.to} ~ p(x_s | x_t) [B, N] int64, x_t [B, N] int64.
  at::Tensor draw_posterior(const Transition& transition,
                            const at::Tensor& x_t,
                            const TimeStep& time,
                            const nn::Noise& noise,
                            DrawKey key) const;

 private:
  bool has_plain_logits() const;
  bool draws_from_logits(const nn::Noise& noise) const;

  std::vector<Logits> pieces_{};  // empty where the log-probabilities were given
  double guidance_ = 1.0;
  Truncation truncation_{};
  mutable at::Tensor log_p_{};
};

}  // namespace tessera::diffusion
