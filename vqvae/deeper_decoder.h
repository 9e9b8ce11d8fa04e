#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "vqvae/vqvae.h"

namespace tessera::vqvae {

/// Gives the tensors of a codec (by their dotted names) the decoder blocks that `model`, of the
/// same sizes but with more `decoder_blocks`, has behind theirs: as they are there. Behind
/// initialise() they add nothing, so the deeper codec decodes as the one it starts from, and learns
/// from there.
void add_decoder_blocks(std::map<std::string, at::Tensor>& tensors, const VqVaeImpl& model);

}  // namespace tessera::vqvae
