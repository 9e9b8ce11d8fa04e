#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "io/state_dict.h"

namespace tessera::eval {

/// A convolution with its batch normalisation folded in, [out, in, h, w] and [out], float32.
struct FoldedConvolution {
  at::Tensor weight{};
  at::Tensor bias{};
};

/// All of the network, ready to run.
struct InceptionWeights {
  std::map<std::string, FoldedConvolution> convolutions{};  // by InceptionLayer::name
  at::Tensor classes{};                                     // [1008, 2048], of the class scores
};

/// Reads the weights in either of the two ways of naming them: pytorch-fid's and torch-fidelity's
/// ("Mixed_5b.branch1x1.conv.weight", "fc.weight") or the TorchScript translation's
/// ("layers.mixed.conv.conv.weight", "output.weight"), whose gains may be left out where they
/// are 1. Strict: throws kShapeMismatch naming `what` and all that are missing, unexpected or of
/// another shape (counters of batches are let pass), and kCorruptFile for weights that are not
/// numbers. w' = w g / sqrt(v + 0.001), b' = b - m g / sqrt(v + 0.001), in float64.
InceptionWeights fold_inception_weights(const io::StateDict& state, const std::string& what);

}  // namespace tessera::eval
