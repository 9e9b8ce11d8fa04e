#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/estimate.h"
#include "diffusion/gaussian/process.h"

namespace tessera::diffusion {

struct GaussianLossOptions {
  std::string objective = "simple";  // simple, bound, hybrid
  std::string weighting = "none";    // of simple: none, snr, min-snr, truncated-snr
  double min_snr_gamma = 5.0;        // gamma of min-snr (Hang et al. 2023)
  double bound_weight = 1e-3;        // lambda of hybrid (Improved DDPM eq. 16)
  std::string decoder = "pixels";    // of L_0: pixels (8-bit bins) or continuous (latents)
  void validate() const;
};

template <typename Visitor>
void visit_fields(Visitor& v, GaussianLossOptions& o) {
  v("objective", o.objective, "simple, bound or hybrid");
  v("weighting", o.weighting, "weight of the squared error: none, snr, min-snr, truncated-snr");
  v("min_snr_gamma", o.min_snr_gamma, "largest signal-to-noise weight of min-snr");
  v("bound_weight", o.bound_weight, "weight of the bound in hybrid");
  v("decoder", o.decoder, "last step of the bound: pixels or continuous");
}

struct GaussianLossInput {
  at::Tensor x0{};      // [B, C, H, W]
  at::Tensor noise{};   // [B, C, H, W]
  at::Tensor t{};       // [B] int64 in 1..T
  at::Tensor answer{};  // [B, C or 2C, H, W], the network's, at q_sample(x0, t, noise)
};

/// Per-sample terms [B] in the answer's type, means over the picture's numbers; the trainer weighs
/// (1 / p_t) and reduces. Differentiable in `answer`; no host synchronisation.
struct GaussianLoss {
  at::Tensor squared_error{};  // of the network's own target, unweighted
  at::Tensor bound{};  // T times the term of t, nats a dimension: with t uniform its expectation is
                       // L_0 + sum L_{t-1}. Undefined where the objective is simple
  at::Tensor total{};  // what is minimised
};

/// simple: weighted squared error. bound: the bound. hybrid: simple + lambda bound, where the bound
/// teaches only the variance (the mean is held fixed in it).
GaussianLoss gaussian_loss(const GaussianProcess& process,
                           const GaussianLossInput& in,
                           AnswerKind kind,
                           const GaussianLossOptions& options);

/// Where a term of the bound is taken: x_t is a draw from q(x_t | x_0).
struct BoundPoint {
  at::Tensor x0{};   // [B, ...]
  at::Tensor x_t{};  // [B, ...]
  at::Tensor t{};    // [B] int64
  at::Tensor s{};    // [B] int64, < t
};

/// One term of the bound a number of the picture, [B, ...] in nats: KL of the posterior
/// q(x_s | x_t, x_0) to the reverse step `reverse`, or, where s = 0, the decoder's -log p(x_0 |
/// x_t).
at::Tensor bound_term(const GaussianProcess& process,
                      const BoundPoint& point,
                      const GaussianMoments& reverse,
                      const std::string& decoder);

/// KL(N(a) || N(b)) a coordinate, nats.
at::Tensor normal_kl(const GaussianMoments& a, const GaussianMoments& b);

/// Weight of the squared error of `prediction` at t, [B] float64. snr: that of x_0 in units of the
/// noise error; min-snr: min(SNR, gamma), truncated-snr: max(SNR, 1), each divided so that it
/// multiplies the error of that prediction.
at::Tensor loss_weight(const GaussianProcess& process,
                       GaussianPrediction prediction,
                       const GaussianLossOptions& options,
                       const at::Tensor& t);

/// beta^2 / (2 sigma^2 alpha (1 - alpha_bar)), DDPM eq. 12: the bound's weight of the noise error.
double bound_weight_of_noise(const GaussianProcess& process,
                             GaussianVariance variance,
                             std::int64_t t);

}  // namespace tessera::diffusion
