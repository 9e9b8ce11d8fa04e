#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/bernoulli.h"

namespace tessera::lab {

// Binary sequences with a one in every fifth place, five of them and all equally likely; noise has
// their activity (Sohl-Dickstein et al. 2015, figure 2).
inline constexpr std::int64_t kHeartbeatLength = 20;
inline constexpr std::int64_t kHeartbeatPeriod = 5;
inline constexpr double kHeartbeatActivity = 0.2;

/// [5, 20] float64, one row a sequence.
at::Tensor heartbeats();
/// The chain with beta_t = 1 / (T - t + 1).
diffusion::BernoulliProcess heartbeat_chain(std::int64_t steps);
/// P(x_0 = 1 | x_t) of every place, by Bayes' rule over the five: x_t [B, 20] -> [B, 20].
at::Tensor heartbeat_answer(const diffusion::BernoulliProcess& process,
                            const at::Tensor& x_t,
                            std::int64_t t);
/// H_q(x_T | x_0) - H_q(x_1 | x_0) - H_p(x_T) of a sequence, bits: what the bound of 2015 adds to
/// -ΣKL.
double heartbeat_edge_bits(const diffusion::BernoulliProcess& process);
/// Share of rows [B, 20] that are one of the five.
double heartbeat_share(const at::Tensor& x);

}  // namespace tessera::lab
