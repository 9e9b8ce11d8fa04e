#include "io/mapped_tensor.h"

#include <ATen/ATen.h>

namespace tessera::io {
namespace {

using Mapping = std::shared_ptr<const MappedFile>;

/// The deleter of every mapped storage, and the sign by which it is known.
void drop_mapping(void* mapping) {
  delete static_cast<Mapping*>(mapping);
}

}  // namespace

at::Tensor mapped_tensor(const Mapping& file,
                         std::size_t first,
                         at::IntArrayRef sizes,
                         at::ScalarType type) {
  auto mapping = std::make_unique<Mapping>(file);
  return at::for_blob(file->data() + first, sizes)
      .context(mapping.release(), &drop_mapping)
      .options(type)
      .make_tensor();
}

void release_pages(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.has_storage() || !tensor.is_contiguous()) return;
  const at::DataPtr& memory = tensor.storage().data_ptr();
  if (memory.get_deleter() != &drop_mapping) return;
  const MappedFile& file = **static_cast<const Mapping*>(memory.get_context());
  const auto* data = static_cast<const std::byte*>(tensor.const_data_ptr());
  file.release(static_cast<std::size_t>(data - file.data()), tensor.nbytes());
}

}  // namespace tessera::io
