#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace tessera::io::test {

/// A number as zip archives and pickles store it.
template <typename T>
std::string little(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// CRC-32 bit by bit.
inline std::uint32_t slow_crc32(const std::string& bytes) {
  std::uint32_t rest = 0xFFFFFFFFu;
  for (const char byte : bytes) {
    rest ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ (0xEDB88320u * (rest & 1u));
  }
  return ~rest;
}

/// A member, and the lies that the directory tells of it.
struct ZipPart {
  std::string name{};
  std::string data{};
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
  std::size_t padding = 0;              // bytes of an extra field in front of the data
  std::string local_name{};             // "" = the same
  std::optional<std::uint32_t> crc{};   // the rest: as claimed instead of the truth
  std::optional<std::uint32_t> size{};  // unpacked
  std::optional<std::uint32_t> packed_size{};
  std::optional<std::uint32_t> begin{};  // of the local header
  std::string extra{};                   // extra fields of the directory's line
};

/// The zip64 field of a directory's line.
inline std::string zip64_field(const std::vector<std::uint64_t>& numbers) {
  std::string bytes =
      little(std::uint16_t{1}) + little(static_cast<std::uint16_t>(8 * numbers.size()));
  for (const std::uint64_t number : numbers) bytes += little(number);
  return bytes;
}

struct ZipEnd {
  bool zip64 = false;
  std::string comment{};
  std::optional<std::uint64_t> entries{};  // as claimed instead of the truth
  std::optional<std::uint64_t> begin{};
  std::optional<std::uint64_t> size{};
};

/// The directory and what follows it, for a file that has `begin` bytes in front of it.
inline std::string zip_end(const std::string& directory,
                           std::uint64_t entry_count,
                           std::uint64_t begin,
                           const ZipEnd& end) {
  const std::uint64_t entries = end.entries.value_or(entry_count);
  const std::uint64_t claimed_begin = end.begin.value_or(begin);
  const std::uint64_t size = end.size.value_or(directory.size());
  std::string bytes = directory;
  if (end.zip64) {
    bytes += "PK\6\6" + little(std::uint64_t{44}) + little(std::uint16_t{30}) +
             little(std::uint16_t{45}) + little(std::uint64_t{0}) + little(entries) +
             little(entries) + little(size) + little(claimed_begin);
    bytes += "PK\6\7" + little(std::uint32_t{0}) + little(begin + directory.size()) +
             little(std::uint32_t{1});
    return bytes + "PK\5\6" + little(std::uint32_t{0}) + std::string(12, '\xff') +
           little(static_cast<std::uint16_t>(end.comment.size())) + end.comment;
  }
  return bytes + "PK\5\6" + little(std::uint32_t{0}) + little(static_cast<std::uint16_t>(entries)) +
         little(static_cast<std::uint16_t>(entries)) + little(static_cast<std::uint32_t>(size)) +
         little(static_cast<std::uint32_t>(claimed_begin)) +
         little(static_cast<std::uint16_t>(end.comment.size())) + end.comment;
}

/// The header in front of a member's data, sizes and checksum behind the data as torch writes it.
inline std::string zip_local(const ZipPart& part) {
  const std::string& name = part.local_name.empty() ? part.name : part.local_name;
  const auto flags = static_cast<std::uint16_t>(part.flags | 8u);
  return "PK\3\4" + little(std::uint16_t{20}) + little(flags) + little(part.method) +
         std::string(16, '\0') + little(static_cast<std::uint16_t>(name.size())) +
         little(static_cast<std::uint16_t>(part.padding)) + name + std::string(part.padding, 'Z');
}

/// Behind the data.
inline std::string zip_descriptor(const ZipPart& part) {
  const auto size = static_cast<std::uint32_t>(part.data.size());
  return "PK\7\x08" + little(part.crc.value_or(slow_crc32(part.data))) + little(size) +
         little(size);
}

inline std::string zip_entry(const ZipPart& part, std::uint64_t begin) {
  const auto size = static_cast<std::uint32_t>(part.data.size());
  const auto flags = static_cast<std::uint16_t>(part.flags | 8u);
  return "PK\1\2" + little(std::uint16_t{20}) + little(std::uint16_t{20}) + little(flags) +
         little(part.method) + little(std::uint32_t{0}) +
         little(part.crc.value_or(slow_crc32(part.data))) +
         little(part.packed_size.value_or(size)) + little(part.size.value_or(size)) +
         little(static_cast<std::uint16_t>(part.name.size())) +
         little(static_cast<std::uint16_t>(part.extra.size())) + std::string(10, '\0') +
         little(part.begin.value_or(static_cast<std::uint32_t>(begin))) + part.name + part.extra;
}

inline std::string zip_of(const std::vector<ZipPart>& parts, const ZipEnd& end = {}) {
  std::string bytes;
  std::string directory;
  for (const ZipPart& part : parts) {
    directory += zip_entry(part, bytes.size());
    bytes += zip_local(part) + part.data + zip_descriptor(part);
  }
  return bytes + zip_end(directory, parts.size(), bytes.size(), end);
}

}  // namespace tessera::io::test
