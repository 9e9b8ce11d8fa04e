#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "io/formats/zip_archive.h"

namespace tessera::io {

/// The arrays of a NumPy archive, as savez and savez_compressed write it: a zip of NAME.npy files.
/// Nothing but its directory is read until an array is asked for.
class NpzFile {
 public:
  /// Throws kNotFound, kIo, or kCorruptFile naming the file, the member and the byte offset.
  static NpzFile open(const std::filesystem::path& file);

  bool has(const std::string& name) const { return archive_.find(name + ".npy") != nullptr; }
  std::vector<std::string> names() const;

  /// A copy of one array, in C order on the CPU. Booleans, whole and real numbers of 8 to 64 bits
  /// in little-endian order; both axis orders. Throws kNotFound listing the names there are;
  /// kCorruptFile where the header is not NumPy's, the type is another (objects are never read), or
  /// header and bytes disagree.
  at::Tensor read(const std::string& name) const;

 private:
  explicit NpzFile(ZipArchive archive) : archive_(std::move(archive)) {}
  ZipArchive archive_;
};

/// Writes arrays as NumPy's savez does (stored, with checksums), whole or not at all; the same
/// arrays give the same bytes. Throws kInvalidArgument for a type that NumPy has no name for or
/// more than 4 GiB, kIo.
void write_npz(const std::filesystem::path& file, const std::map<std::string, at::Tensor>& arrays);

}  // namespace tessera::io
