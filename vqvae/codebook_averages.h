#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "vqvae/options.h"

namespace tessera::vqvae {

// An EMA codebook is the quotient of two moving averages, which are needed to train it further but
// not to use it; a model that is made for use leaves them out of its file. `weights` are the
// tensors of a VqVae by their dotted names.

void drop_codebook_averages(std::map<std::string, at::Tensor>& weights);

/// Puts back what is absent: averages that give this codebook, each code counted once. Leaves
/// weights alone that have their averages, or whose quantiser (`options`) has none.
void restore_codebook_averages(std::map<std::string, at::Tensor>& weights,
                               const VqVaeOptions& options);

}  // namespace tessera::vqvae
