#pragma once

#include "io/formats/pickle_objects.h"
#include "io/formats/pickle_value.h"
#include "io/formats/torch_storages.h"

namespace tessera::io {

/// Reads a pickle of protocol 2 to 5 without running anything: only the opcodes of PickleOp, only
/// the names of find_pickle_global, only tensors and plain containers. Throws kCorruptFile naming
/// the byte offset and the opcode or the name for all else. Memory and depth are bounded by the
/// limits of pickle_objects.h and the size of the pickle.
PickleValue read_pickle(const PickleSource& source, TorchStorages& storages);

}  // namespace tessera::io
