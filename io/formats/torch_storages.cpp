#include "io/formats/torch_storages.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include <ATen/ATen.h>

#include "core/error.h"
#include "io/in_quotes.h"
#include "io/mapped_tensor.h"

static_assert(std::endian::native == std::endian::little, "torch.save data is little-endian");

namespace tessera::io {
namespace {

/// A tensor may show a value of its storage many times (stride 0) up to so many bytes: more is a
/// bomb for whoever copies it.
constexpr std::int64_t kMaxRepeated = std::int64_t{64} << 20;

at::Tensor values_of(const std::shared_ptr<const MappedFile>& file,
                     const ZipMember& member,
                     at::ScalarType type,
                     std::int64_t values) {
  if (values == 0) return at::empty({0}, type);
  std::byte* data = file->data() + member.begin;
  if (type == at::kBool) return at::from_blob(data, {values}, at::kByte).ne(0);
  if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(type) != 0) {
    at::Tensor copy = at::empty({values}, type);
    std::memcpy(copy.mutable_data_ptr(), data, member.size);
    return copy;
  }
  return mapped_tensor(file, member.begin, {values}, type);
}

}  // namespace

at::Tensor TorchStorages::open(const StorageClaim& claim) {
  const auto refuse = [&](const auto&... parts) {
    TESSERA_THROW(kCorruptFile,
                  archive_.what(),
                  ": storage ",
                  in_quotes(claim.key),
                  " ",
                  concat(parts...),
                  " (byte ",
                  claim.at,
                  ")");
  };
  const auto known = opened_.find(claim.key);
  if (known != opened_.end()) {
    if (known->second.scalar_type() != claim.type || known->second.numel() != claim.values) {
      refuse("is claimed twice, with other types or sizes");
    }
    return known->second;
  }
  const ZipMember* member = archive_.find(concat(folder_, "/data/", claim.key));
  if (member == nullptr) refuse("is not in the archive");
  const auto item = static_cast<std::uint64_t>(c10::elementSize(claim.type));
  if (claim.values < 0 || member->size % item != 0 ||
      member->size / item != static_cast<std::uint64_t>(claim.values)) {
    refuse("claims ",
           claim.values,
           " values of ",
           item,
           " bytes, its member has ",
           member->size,
           " bytes");
  }
  const at::Tensor values = values_of(archive_.file(), *member, claim.type, claim.values);
  return opened_.emplace(claim.key, values).first->second;
}

std::string problem_with(const TensorClaim& claim, std::int64_t values, std::int64_t item) {
  if (claim.sizes.size() != claim.strides.size()) {
    return concat(claim.sizes.size(), " sizes but ", claim.strides.size(), " strides");
  }
  if (claim.sizes.size() > kMaxTensorDimensions) return "more than 64 dimensions";
  if (claim.offset < 0) return concat("the offset ", claim.offset);
  std::int64_t count = item;  // bytes; sides of zero count as one: [2^62, 2^62, 0] has no strides
  std::int64_t last = claim.offset;
  bool empty = false;
  bool fits = true;
  for (std::size_t i = 0; i < claim.sizes.size(); ++i) {
    const std::int64_t size = claim.sizes[i];
    const std::int64_t stride = claim.strides[i];
    if (size < 0) return concat("the size ", size);
    if (stride < 0) return concat("the stride ", stride);
    std::int64_t reach = 0;
    empty = empty || size == 0;
    fits = fits && !__builtin_mul_overflow(count, std::max<std::int64_t>(size, 1), &count);
    fits = fits && !__builtin_mul_overflow(std::max<std::int64_t>(size - 1, 0), stride, &reach);
    fits = fits && !__builtin_add_overflow(last, reach, &last);
  }
  if (!fits || (empty ? claim.offset > values : last >= values)) {
    return concat("reaches beyond its storage of ", values, " values");
  }
  if (!empty && count / item > values && count > kMaxRepeated) {
    return concat("shows ", count / item, " values of a storage of ", values);
  }
  return "";
}

at::Tensor view_of(const at::Tensor& storage, const TensorClaim& claim) {
  const bool empty =
      std::find(claim.sizes.begin(), claim.sizes.end(), std::int64_t{0}) != claim.sizes.end();
  if (empty) return at::empty(claim.sizes, storage.options());
  return storage.as_strided(claim.sizes, claim.strides, claim.offset);
}

}  // namespace tessera::io
