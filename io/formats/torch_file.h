#pragma once

#include <filesystem>
#include <string_view>

#include "io/formats/pickle_value.h"

namespace tessera::io {

/// Whether a file that begins with `head` (16 bytes are enough) is torch.save's, of today's kind or
/// of an older one that read_torch_file explains.
bool is_torch_file(std::string_view head);

/// docs/formats/torch.md: what torch.save of torch 1.6 or newer wrote, whatever the extension.
/// Nothing in the file is executed. Tensors are views of the mapped file and share memory where
/// they did when they were saved; no page of their data is touched. Throws kNotFound, kIo, or
/// kCorruptFile naming the file, the byte offset and the opcode, name or member that was refused.
PickleValue read_torch_file(const std::filesystem::path& file);

}  // namespace tessera::io
