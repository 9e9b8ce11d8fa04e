#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace tessera::io {

/// A whole file in the address space: pages are read when touched and shared with every other
/// process that maps it. Private: a write to the bytes changes this process's copy, never the file.
class MappedFile {
 public:
  /// Throws kNotFound, kInvalidArgument (a folder) or kIo, naming the file and the system's reason.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& file);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Page-aligned; null for an empty file.
  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// Tells the system that these bytes are not needed for now: whole pages among them leave this
  /// process's memory and are read from the file again when touched. What was written over them is
  /// lost.
  void release(std::size_t first, std::size_t count) const;
  std::string_view bytes() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  MappedFile(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_;
  std::size_t size_;
};

}  // namespace tessera::io
