#pragma once

#include <string>
#include <string_view>

#include "io/formats/pickle_value.h"
#include "io/state_dict.h"

namespace tessera::pipeline {

/// The tensors of a .pth file of the original VQ-Diffusion code or of one of its codecs.
struct MicrosoftCheckpoint {
  io::StateDict effective{};  // what the original samples with: the model, averaged where it was
  io::StateDict raw_model{};  // what training goes on from; the same tensors where there is no EMA
  bool averaged = false;      // the file holds an EMA
};

/// Takes a file apart: "model" (diffusion models, ithq_vqvae.pth), else "state_dict" (taming's
/// codecs), else the dict itself. "ema", where it is there, holds averages of the diffusion module:
/// its tensor K stands for "transformer.K" of the model. Optimiser, scheduler and counters are left
/// out, and may be missing. Throws kCorruptFile, after `what`, where no tensors are found, and
/// kShapeMismatch for an average of another shape than its tensor.
MicrosoftCheckpoint microsoft_checkpoint(const io::PickleValue& file, const std::string& what);

/// The tensors whose names begin with `prefix`, without it; they share memory with `state`.
io::StateDict part_of(const io::StateDict& state, std::string_view prefix);

}  // namespace tessera::pipeline
