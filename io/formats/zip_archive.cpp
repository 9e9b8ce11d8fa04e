#include "io/formats/zip_archive.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"
#include "io/crc32.h"
#include "io/formats/inflate.h"
#include "io/in_quotes.h"

static_assert(std::endian::native == std::endian::little, "zip headers are little-endian");

namespace tessera::io {
namespace {

// Layouts: APPNOTE.TXT 6.3, sections 4.3.7 (local header) to 4.3.16 (end of the directory).
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kEntrySize = 46;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kLongestComment = 0xFFFF;
constexpr std::uint32_t kLocalSign = 0x04034B50;
constexpr std::uint32_t kEntrySign = 0x02014B50;
constexpr std::uint32_t kEndSign = 0x06054B50;
constexpr std::uint32_t kEnd64Sign = 0x06064B50;
constexpr std::uint32_t kLocatorSign = 0x07064B50;
constexpr std::uint32_t kDescriptorSign = 0x08074B50;
constexpr std::uint16_t kZip64Field = 1;
constexpr std::uint32_t kFull16 = 0xFFFF;  // the true number is in the zip64 record
constexpr std::uint32_t kFull32 = 0xFFFFFFFF;
constexpr std::uint32_t kEncrypted = 1u | (1u << 6) | (1u << 13);
constexpr std::uint32_t kMethodStored = 0;
constexpr std::uint32_t kMethodDeflated = 8;
constexpr std::uint32_t kSizesFollow = 1u << 3;  // sizes of the local header stand behind the data

struct Directory {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t entries = 0;
};

/// One line of the directory, as claimed.
struct Entry {
  std::string_view name{};
  std::uint64_t at = 0;     // of the line
  std::uint64_t local = 0;  // of the header in front of the data
  std::uint64_t size = 0;
  std::uint64_t packed_size = 0;
  std::uint32_t method = 0;
  std::uint32_t flags = 0;
  std::uint32_t crc32 = 0;
};

struct Placed {
  Entry entry{};
  std::uint64_t end = 0;  // of its data
};

class DirectoryReader {
 public:
  DirectoryReader(std::string_view bytes, const std::string& what, ZipMethods methods)
      : bytes_(bytes), what_(what), methods_(methods) {}

  ZipArchive::Members read() const {
    const Directory directory = find_directory();
    ZipArchive::Members members;
    std::vector<Placed> placed;
    std::uint64_t at = directory.begin;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      const Entry entry = read_entry(at, directory.end);
      const ZipMember member = locate(entry, directory.begin);
      placed.push_back({.entry = entry, .end = member.begin + member.size});
      if (!members.emplace(entry.name, member).second) refuse(entry, "is listed twice");
    }
    check(at == directory.end, at, "the directory is longer than its entries");
    check_order(placed, directory.begin);
    return members;
  }

 private:
  /// REQUIRES: the number lies inside the file.
  template <typename T>
  T number(std::uint64_t at) const {
    T value = 0;
    std::memcpy(&value, bytes_.data() + at, sizeof value);
    return value;
  }

  void check(bool holds, std::uint64_t at, const char* problem) const {
    TESSERA_CHECK(holds, kCorruptFile, what_, ": ", problem, " (byte ", at, ")");
  }

  [[noreturn]] void refuse(const Entry& entry, const std::string& problem) const {
    TESSERA_THROW(kCorruptFile,
                  what_,
                  ": member ",
                  in_quotes(entry.name),
                  " ",
                  problem,
                  " (byte ",
                  entry.at,
                  ")");
  }

  /// The end record is the last one whose comment ends where the file does.
  std::uint64_t find_end() const {
    const std::uint64_t size = bytes_.size();
    for (std::uint64_t comment = 0; comment <= kLongestComment && comment + kEndSize <= size;
         ++comment) {
      const std::uint64_t at = size - kEndSize - comment;
      if (number<std::uint32_t>(at) == kEndSign && number<std::uint16_t>(at + 20) == comment) {
        return at;
      }
    }
    TESSERA_THROW(kCorruptFile,
                  what_,
                  ": not a zip archive, or one that was cut: no directory at its end (byte ",
                  size,
                  ")");
  }

  Directory find_directory() const {
    const std::uint64_t end = find_end();
    check(number<std::uint32_t>(end + 4) == 0, end, "an archive of several volumes");
    const std::uint32_t entries = number<std::uint16_t>(end + 10);
    const std::uint32_t size = number<std::uint32_t>(end + 12);
    const std::uint32_t begin = number<std::uint32_t>(end + 16);
    check(number<std::uint16_t>(end + 8) == entries, end, "an archive of several volumes");
    std::optional<Directory> large = find_large_directory(end);
    Directory found = large.value_or(Directory{.begin = begin, .end = end, .entries = entries});
    if (large) {
      check((entries == kFull16 || entries == large->entries) &&
                (size == kFull32 || size == large->end - large->begin) &&
                (begin == kFull32 || begin == large->begin),
            end,
            "the two ends of the directory disagree");
    } else {
      check(begin <= end && size == end - begin, end, "the directory lies outside the file");
    }
    check(found.entries <= (found.end - found.begin) / kEntrySize,
          end,
          "the directory claims more entries than it has bytes for");
    return found;
  }

  /// The zip64 record, where a locator stands in front of the end record.
  std::optional<Directory> find_large_directory(std::uint64_t end) const {
    if (end < kLocatorSize) return {};
    const std::uint64_t locator = end - kLocatorSize;
    if (number<std::uint32_t>(locator) != kLocatorSign) return {};
    const auto at = number<std::uint64_t>(locator + 8);
    check(number<std::uint32_t>(locator + 4) == 0 && number<std::uint32_t>(locator + 16) == 1,
          locator,
          "an archive of several volumes");
    check(locator >= kEnd64Size && at <= locator - kEnd64Size, locator, "zip64 record outside");
    check(number<std::uint32_t>(at) == kEnd64Sign, at, "no zip64 record where one is announced");
    check(number<std::uint64_t>(at + 4) == locator - at - 12, at, "zip64 record of a wrong size");
    const auto entries = number<std::uint64_t>(at + 32);
    const auto size = number<std::uint64_t>(at + 40);
    const auto begin = number<std::uint64_t>(at + 48);
    check(number<std::uint64_t>(at + 16) == 0 && number<std::uint64_t>(at + 24) == entries,
          at,
          "an archive of several volumes");
    check(begin <= at && size == at - begin, at, "the directory lies outside the file");
    return Directory{.begin = begin, .end = at, .entries = entries};
  }

  /// Reads the line at `at` and moves on to the next one.
  Entry read_entry(std::uint64_t& at, std::uint64_t end) const {
    check(end - at >= kEntrySize && number<std::uint32_t>(at) == kEntrySign,
          at,
          "no directory entry where one should be");
    const std::uint64_t name_size = number<std::uint16_t>(at + 28);
    const std::uint64_t extra_size = number<std::uint16_t>(at + 30);
    const std::uint64_t rest = name_size + extra_size + number<std::uint16_t>(at + 32);
    check(end - at - kEntrySize >= rest, at, "a directory entry runs out of the directory");
    Entry entry{.name = bytes_.substr(at + kEntrySize, name_size),
                .at = at,
                .local = number<std::uint32_t>(at + 42),
                .size = number<std::uint32_t>(at + 24),
                .packed_size = number<std::uint32_t>(at + 20),
                .method = number<std::uint16_t>(at + 10),
                .flags = number<std::uint16_t>(at + 8),
                .crc32 = number<std::uint32_t>(at + 16)};
    if (number<std::uint16_t>(at + 34) != 0) refuse(entry, "lies in another volume");
    read_large_numbers(entry, at + kEntrySize + name_size, extra_size);
    at += kEntrySize + rest;
    return entry;
  }

  /// The zip64 field holds, in this order, those numbers whose 32 bits are all ones.
  void read_large_numbers(Entry& entry, std::uint64_t at, std::uint64_t size) const {
    const std::uint64_t end = at + size;
    while (end - at >= 4) {
      const auto field = number<std::uint16_t>(at);
      const std::uint64_t field_size = number<std::uint16_t>(at + 2);
      at += 4;
      if (field_size > end - at) refuse(entry, "has an extra field that is cut");
      if (field == kZip64Field) {
        std::uint64_t next = at;
        for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.local}) {
          if (*value != kFull32) continue;
          if (at + field_size - next < 8) refuse(entry, "lacks its 64-bit numbers");
          *value = number<std::uint64_t>(next);
          next += 8;
        }
        return;
      }
      at += field_size;
    }
  }

  /// Where the data begins, which only the header in front of it tells.
  ZipMember locate(const Entry& entry, std::uint64_t directory_begin) const {
    if ((entry.flags & kEncrypted) != 0) refuse(entry, "is encrypted");
    const bool deflated =
        methods_ == ZipMethods::kStoredAndDeflated && entry.method == kMethodDeflated;
    if (entry.method != kMethodStored && !deflated) {
      refuse(entry, concat("is compressed (method ", entry.method, "); only stored ones are read"));
    }
    if (!deflated && entry.size != entry.packed_size) {
      refuse(entry, concat("is stored in ", entry.packed_size, " bytes but has ", entry.size));
    }
    if (entry.local > directory_begin || directory_begin - entry.local < kLocalSize) {
      refuse(entry, concat("claims to begin at byte ", entry.local, ", outside the file's data"));
    }
    const std::uint64_t local = entry.local;
    const std::uint64_t name_size = number<std::uint16_t>(local + 26);
    const std::uint64_t header = kLocalSize + name_size + number<std::uint16_t>(local + 28);
    if (number<std::uint32_t>(local) != kLocalSign || header > directory_begin - local ||
        bytes_.substr(local + kLocalSize, name_size) != entry.name ||
        number<std::uint16_t>(local + 8) != entry.method) {
      refuse(entry, concat("has another header in front of its data (byte ", local, ")"));
    }
    const std::uint64_t begin = local + header;
    if (entry.packed_size > directory_begin - begin) {
      refuse(
          entry,
          concat("claims ", entry.packed_size, " bytes, ", directory_begin - begin, " are left"));
    }
    const auto local_size = number<std::uint32_t>(local + 22);
    const bool follow = (number<std::uint16_t>(local + 6) & kSizesFollow) != 0;
    if (!follow && local_size != kFull32 && local_size != entry.size) {
      refuse(entry, concat("has ", local_size, " bytes by the header in front of its data"));
    }
    return {.begin = begin,
            .size = entry.packed_size,
            .crc32 = entry.crc32,
            .deflated = deflated,
            .unpacked_size = entry.size};
  }

  /// Members stand one behind the other, without a gap in which a lie about the length of a header
  /// could shift the data.
  void check_order(std::vector<Placed>& placed, std::uint64_t directory_begin) const {
    std::sort(placed.begin(), placed.end(), [](const Placed& a, const Placed& b) {
      return std::pair(a.entry.local, a.end) < std::pair(b.entry.local, b.end);
    });
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const bool last = i + 1 == placed.size();
      const std::uint64_t next = last ? directory_begin : placed[i + 1].entry.local;
      if (next < placed[i].end) refuse(placed[i].entry, "overlaps another one");
      const auto flags = number<std::uint16_t>(placed[i].entry.local + 6);
      const bool fits =
          (flags & kSizesFollow) == 0 ? next == placed[i].end : is_descriptor(placed[i], next);
      if (!fits) {
        refuse(placed[i].entry, concat("does not end where its data does (byte ", next, ")"));
      }
    }
  }

  /// Checksum and sizes, of 32 or 64 bits, from the end of the data to `next`.
  bool is_descriptor(const Placed& placed, std::uint64_t next) const {
    const std::uint64_t at = placed.end;
    if (next - at != 16 && next - at != 24) return false;
    const bool large = next - at == 24;
    return number<std::uint32_t>(at) == kDescriptorSign &&
           number<std::uint32_t>(at + 4) == placed.entry.crc32 &&
           (large ? number<std::uint64_t>(at + 8) : number<std::uint32_t>(at + 8)) ==
               placed.entry.packed_size;
  }

  std::string_view bytes_;
  const std::string& what_;
  ZipMethods methods_;
};

}  // namespace

ZipArchive::ZipArchive(std::shared_ptr<const MappedFile> file, std::string what, Members members)
    : file_(std::move(file)), what_(std::move(what)), members_(std::move(members)) {}

ZipArchive ZipArchive::open(std::shared_ptr<const MappedFile> file,
                            const std::string& what,
                            ZipMethods methods) {
  Members members = DirectoryReader(file->bytes(), what, methods).read();
  return {std::move(file), what, std::move(members)};
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const auto found = members_.find(name);
  return found == members_.end() ? nullptr : &found->second;
}

std::string_view ZipArchive::bytes(const ZipMember& member) const {
  return file_->bytes().substr(member.begin, member.size);
}

std::string ZipArchive::read(std::string_view name, const ZipMember& member) const {
  if (!member.deflated) {
    check_sum(name, member);
    return std::string(bytes(member));
  }
  std::string data =
      inflate(bytes(member), member.unpacked_size, what_ + ": member " + in_quotes(name));
  check_sum(name, member, data);
  return data;
}

void ZipArchive::check_sum(std::string_view name, const ZipMember& member) const {
  check_sum(name, member, bytes(member));
}

void ZipArchive::check_sum(std::string_view name,
                           const ZipMember& member,
                           std::string_view data) const {
  TESSERA_CHECK(member.crc32 == 0 || crc32(data) == member.crc32,
                kCorruptFile,
                what_,
                ": member ",
                in_quotes(name),
                " does not fit its checksum (byte ",
                member.begin,
                ")");
}

}  // namespace tessera::io
