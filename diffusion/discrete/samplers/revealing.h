#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "diffusion/discrete/sampler.h"

namespace tessera::diffusion {

/// Sampling of "Improved Vector Quantized Diffusion Models" (Tang et al.), as its program does it.
/// Each stride but the last draws a code for every hidden token and shows a planned number of them;
/// what is shown stays. The last stride is the chain's own (ancestral), which draws every token
/// once more. The first takes every token that is not locked as hidden. How many: reveal_plan.h.
/// Throws kInvalidArgument for a chain without a mask state. docs/math/discrete.md, section 6.
struct RevealOptions {
  double prior_weight = 1.0;       // r; random-order does not look at it
  std::int64_t tokens_a_call = 0;  // most places that a network call shows; 0 = no limit
  std::vector<std::int64_t>
      reveals{};  // a stride but the last, first stride first; empty = planned
};

/// Places in proportion to how sure the network is of them, codes from the sharpened prediction.
std::unique_ptr<const DiscreteSampler> make_purity_sampler(const RevealOptions& options = {});
/// Places at random, codes from the prediction as it is.
std::unique_ptr<const DiscreteSampler> make_random_order_sampler(const RevealOptions& options = {});

/// [B, N] in (0, 1]: the largest probability of each place, over the largest of the picture.
at::Tensor purity(const Prediction& log_x0);

/// [B, N] 1 + weight * score, the power to which the probabilities of a place are sharpened; score
/// [B, N], weight >= 0. Undefined where it is 1 everywhere.
at::Tensor power_of(const at::Tensor& score, double weight);

/// [B, N] bool: `count` [B] of the places that are `hidden` [B, N], drawn without replacement in
/// proportion to `score` [B, N] > 0: the largest of log score + gumbel [B, N] (Gumbel-top-k).
at::Tensor choose_places(const at::Tensor& score,
                         const at::Tensor& hidden,
                         const at::Tensor& count,
                         const at::Tensor& gumbel);

/// One stride with the places already chosen, [B, N] bool: a code is drawn for each place from
/// p(x_0) to `power` [B, N] (undefined = 1) and written where `chosen`. All else stays as it is.
at::Tensor show_places(const at::Tensor& x_t,
                       const Prediction& log_x0,
                       const at::Tensor& power,
                       const at::Tensor& chosen,
                       const nn::Noise& noise,
                       std::int64_t step);

}  // namespace tessera::diffusion
