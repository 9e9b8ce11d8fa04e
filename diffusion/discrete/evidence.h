#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "diffusion/discrete/rate_table.h"

namespace tessera::diffusion {

/// What Bayes' rule needs of one stride t -> s, for each token. With A, B, C the rates over 0..s
/// (B for one code), and i the code seen where x_t is no mask,
///
///   p(x_s = j)    = v_j (A r_j + B sum_k r_k),   r_k = p(x_0 = k) * (k = i ? rho : 1)
///   p(x_s = mask) = stay * sum_k p(x_0 = k)      where x_t is masked, else 0
///
/// with v_j = (j = i ? same : other); where x_t is masked there is no i, and rho = 1.
/// docs/math/discrete.md, section 3. All float64.
///
/// A prediction x_0 = k that cannot have led to x_t has no posterior. Where no other prediction can
/// count on B_t > 0 (`carried`), the code that is seen stays: same as dropping the impossible ones.
/// A mask that the chain cannot have reached says nothing about x_0.
struct Evidence {
  at::Tensor masked{};   // [B, N] bool: x_t is the mask state
  at::Tensor carried{};  // [B, N] bool: a code is seen, and no other code can have become it
  at::Tensor seen{};     // [B, N] int64: i, or 0 where masked
  at::Tensor keep{};     // [B, 1] A
  at::Tensor uniform{};  // [B, 1] B
  at::Tensor stay{};     // [B, 1] C_s / C_t
  at::Tensor other{};    // [B, N]
  at::Tensor same{};     // [B, N]
  at::Tensor rho{};      // [B, N] in (0, 1]
  bool replaces = true;  // false where B = 0 at all times
};

/// x_t [B, N] int64 in [0, K], K = `codes` standing for the mask; t, s [B] int64, 0 <= s < t.
Evidence weigh_evidence(const RateTable& table,
                        std::int64_t codes,
                        const at::Tensor& x_t,
                        const at::Tensor& t,
                        const at::Tensor& s);

}  // namespace tessera::diffusion
