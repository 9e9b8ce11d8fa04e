#pragma once

#include <cstddef>
#include <memory>

#include <ATen/core/Tensor.h>

#include "io/mapped_file.h"

namespace tessera::io {

/// A tensor over the bytes of a mapped file from `first` on, contiguous. The mapping lives as long
/// as the tensor's storage. REQUIRES: the bytes are inside the file and aligned to the type.
at::Tensor mapped_tensor(const std::shared_ptr<const MappedFile>& file,
                         std::size_t first,
                         at::IntArrayRef sizes,
                         at::ScalarType type);

/// Takes the pages of a file behind `tensor` out of this process's memory, for one whose values
/// have just been copied: they are read again when touched, and what was written over them is lost.
/// Does nothing for a tensor that is not of mapped_tensor(), or not contiguous.
void release_pages(const at::Tensor& tensor);

}  // namespace tessera::io
