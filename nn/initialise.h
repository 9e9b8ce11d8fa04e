#pragma once

#include <cstdint>

#include <torch/nn/module.h>

namespace tessera::nn {

/// Sets every parameter of `module` from `seed`: each one is drawn from a stream keyed by its own
/// name, so the same seed gives the same weights on every machine, in any order of construction.
///   Linear       weight N(0, 1 / inputs), bias 0; named "out" (the last of a residual branch) or
///                "modulation" (AdaLN): weight 0 too, so at first every block is the identity
///   Convolution  the same, inputs = those of one output's window
///   Embedding and parameters that are a module's own: N(0, 0.02²)
///   LayerNorm    weight 1, bias 0
void initialise(torch::nn::Module& module, std::uint64_t seed);

}  // namespace tessera::nn
