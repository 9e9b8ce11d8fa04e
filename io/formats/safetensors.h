#pragma once

#include <filesystem>

#include "io/state_dict.h"

namespace tessera::io {

/// docs/formats/safetensors.md. Tensors are views of the mapped file; BOOL and data that is not
/// aligned to its type are copied. Everything the header claims is checked against the file before
/// anything is allocated. Throws kNotFound, kIo, or kCorruptFile naming the file and byte offset.
StateDict read_safetensors(const std::filesystem::path& file);

}  // namespace tessera::io
