#pragma once

#include <memory>

#include "diffusion/discrete/sampler.h"

namespace tessera::diffusion {

/// Confidence-ordered parallel decoding (MaskGIT). Every stride draws a code for each masked token,
/// keeps the surest and masks the others again; codes once kept stay. Of N tokens that are not
/// locked, N (1 - cos(pi (k+1) / 2n)) rounded, and at least k + 1, are kept after stride k of n;
/// the first m strides instead grow by the same factor each, from one token to the curve at m: m is
/// 0.4 n, or as many more, up to n - 2, as it takes that the factor is 2.4 at most. The network is
/// told the time at which the chain masks the curve's share of tokens, where masking is linear in
/// t. The first stride takes every token that is not locked as masked. Not a walk along the chain:
/// throws kInvalidArgument for a chain without a mask state.
///
/// What is shown first was drawn when nothing else was known, and nothing that is shown changes. So
/// the last strides, a share `revisits` of all, rounded up, go over the finished canvas: each hides
/// a quarter of the tokens that are not locked (of two such strides each a half, of three a third),
/// chosen at random, no token twice before all others, and draws them again by the rest: a step of
/// block Gibbs sampling (Geman & Geman 1984). n above is what is left for showing.
struct ConfidenceOptions {
  double temperature = 4.5;  // of the Gumbel noise on log p, falling linearly to 0
  double revisits = 0.0;     // 0 ... 0.9
};

std::unique_ptr<const DiscreteSampler> make_confidence_sampler(
    const ConfidenceOptions& options = {});

}  // namespace tessera::diffusion
