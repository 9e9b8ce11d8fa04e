#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "io/formats/zip_archive.h"

namespace tessera::io {

/// More dimensions than this no tensor library handles.
inline constexpr std::size_t kMaxTensorDimensions = 64;

/// What a pickle says of the bytes behind a tensor.
struct StorageClaim {
  std::string_view key{};  // member "FOLDER/data/KEY"
  at::ScalarType type = at::kFloat;
  std::int64_t values = 0;
  std::uint64_t at = 0;  // byte offset of the claim in the file
};

/// What a pickle says of a tensor over a storage, in values of its type.
struct TensorClaim {
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes{};
  std::vector<std::int64_t> strides{};
};

/// The storages of a torch.save archive, each opened once, so that tensors of one storage share
/// memory as they did when they were saved.
class TorchStorages {
 public:
  /// `folder`: the one folder of the archive, "checkpoint". Keeps a reference to `archive`.
  TorchStorages(const ZipArchive& archive, std::string folder)
      : archive_(archive), folder_(std::move(folder)) {}

  /// All values of a storage, one dimension: a view of the mapped file, or a copy where the data is
  /// not aligned to its type or is of truth values (any byte but 0 and 1 would be undefined).
  /// Throws kCorruptFile naming the byte offset: no such member, another size than claimed, or
  /// claimed before with another type.
  at::Tensor open(const StorageClaim& claim);

 private:
  const ZipArchive& archive_;
  std::string folder_;
  std::map<std::string, at::Tensor, std::less<>> opened_{};
};

/// Why the tensor does not lie inside a storage of so many values of `item` bytes, or "".
std::string problem_with(const TensorClaim& claim, std::int64_t values, std::int64_t item);

/// REQUIRES: no problem_with the claim.
at::Tensor view_of(const at::Tensor& storage, const TensorClaim& claim);

}  // namespace tessera::io
