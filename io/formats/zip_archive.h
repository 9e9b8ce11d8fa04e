#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "io/mapped_file.h"

namespace tessera::io {

/// A member of a zip archive.
struct ZipMember {
  std::uint64_t begin = 0;  // first byte of its data in the file
  std::uint64_t size = 0;   // bytes of data, all of them inside the file
  std::uint32_t crc32 = 0;  // of the data, unpacked; 0 where the writer computed none
  bool deflated = false;
  std::uint64_t unpacked_size = 0;  // as claimed; equal to `size` where it is not deflated
};

/// Which members are read; the others are refused.
enum class ZipMethods : unsigned char { kStored, kStoredAndDeflated };

/// The members of a zip archive over a mapped file, with and without zip64.
class ZipArchive {
 public:
  using Members = std::map<std::string, ZipMember, std::less<>>;

  /// Reads the directory at the end of the file and the short header in front of each member; no
  /// member's data is touched. Memory stays in proportion to the bytes of the directory, whatever
  /// it claims. Throws kCorruptFile naming `what`, the member and the byte offset: no archive, a
  /// truncated one, one of several volumes; a member that is compressed, encrypted, listed twice,
  /// outside the file, on top of another one or with a gap behind it, or described differently in
  /// front of its data or behind it.
  static ZipArchive open(std::shared_ptr<const MappedFile> file,
                         const std::string& what,
                         ZipMethods methods = ZipMethods::kStored);

  /// Null where there is none of that name.
  const ZipMember* find(std::string_view name) const;
  const Members& members() const { return members_; }
  std::string_view bytes(const ZipMember& member) const;

  /// The data of any member, unpacked where it is deflated and held to its checksum. Throws
  /// kCorruptFile.
  std::string read(std::string_view name, const ZipMember& member) const;

  /// Compares the data of a stored member with the recorded checksum, where there is one; throws
  /// kCorruptFile.
  void check_sum(std::string_view name, const ZipMember& member) const;

  const std::shared_ptr<const MappedFile>& file() const { return file_; }
  const std::string& what() const { return what_; }

 private:
  void check_sum(std::string_view name, const ZipMember& member, std::string_view data) const;
  ZipArchive(std::shared_ptr<const MappedFile> file, std::string what, Members members);

  std::shared_ptr<const MappedFile> file_;
  std::string what_;
  Members members_;
};

}  // namespace tessera::io
