#pragma once

#include <memory>

#include "diffusion/discrete/sampler.h"

namespace tessera::diffusion {

/// Confidence-ordered parallel decoding (MaskGIT). Every stride draws a code for each masked token,
/// keeps the surest and masks the others again; codes once kept stay. Of N tokens that are not
/// locked, N (1 - cos(pi (k+1) / 2n)) rounded, and at least k + 1, are kept after stride k of n;
/// the first m = 0.4 n strides instead grow by the same factor each, from one token to the curve at
/// m. The network is told the time at which the chain masks the curve's share of tokens, where
/// masking is linear in t. The first stride takes every token that is not locked as masked. Not a
/// walk along the chain: throws kInvalidArgument for a chain without a mask state.
struct ConfidenceOptions {
  double temperature = 4.5;  // of the Gumbel noise on log p, falling linearly to 0
};

std::unique_ptr<const DiscreteSampler> make_confidence_sampler(
    const ConfidenceOptions& options = {});

}  // namespace tessera::diffusion
