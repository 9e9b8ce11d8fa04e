#pragma once

#include <cstdint>
#include <functional>

#include <ATen/core/Tensor.h>

#include "diffusion/gaussian/chain.h"

namespace tessera::diffusion::test {

/// Law of a chain's output where it is an affine function of x_T and of every normal number, as
/// with Gaussian data and no threshold. Exact, without drawing: the real chain is run on rows in
/// each of which one of those numbers is 1 and all others 0.
struct AffineLaw {
  at::Tensor mean{};        // [D]
  at::Tensor covariance{};  // [D, D]
  at::Tensor slope{};       // [D, D] of the output (rows) on x_T (columns)
};

/// `shape` of one picture, of D numbers. `options` must not say what the normals are. A hook of the
/// options sees [1 + (1 + S) D] rows for a plan of S strides.
AffineLaw affine_law(const GaussianChain& chain, at::IntArrayRef shape, ChainOptions options);

/// For pictures whose numbers do not depend on each other: variances [D] from 2 + S rows.
struct SeparateLaw {
  at::Tensor mean{};      // [D]
  at::Tensor variance{};  // [D]
  at::Tensor slope{};     // [D]
};
SeparateLaw separate_law(const GaussianChain& chain, at::IntArrayRef shape, ChainOptions options);

}  // namespace tessera::diffusion::test
