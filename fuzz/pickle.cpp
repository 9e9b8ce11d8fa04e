#include <cstdint>
#include <cstring>
#include <string>

#include "fuzz/input_file.h"
#include "fuzz/targets.h"
#include "io/formats/pickle_machine.h"

namespace tessera::fuzz {
namespace {

template <typename T>
std::string little(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

/// An archive of the members "m/data/0" and "m/data/1", 64 and 7 bytes of ones.
std::string archive_bytes() {
  std::string bytes;
  std::string directory;
  std::uint16_t count = 0;
  for (const std::uint32_t size : {64u, 7u}) {
    const std::string name = "m/data/" + std::to_string(count++);
    // From the needed version to the length of the extra field, the same in both headers.
    const std::string common = std::string(14, '\0') + little(size) + little(size) +
                               little(static_cast<std::uint16_t>(name.size())) +
                               std::string(2, '\0');
    directory += "PK\1\2" + std::string(2, '\0') + common + std::string(10, '\0') +
                 little(static_cast<std::uint32_t>(bytes.size())) + name;
    bytes += "PK\3\4" + common + name + std::string(size, '\1');
  }
  return bytes + directory + "PK\5\6" + std::string(4, '\0') + little(count) + little(count) +
         little(static_cast<std::uint32_t>(directory.size())) +
         little(static_cast<std::uint32_t>(bytes.size())) + std::string(2, '\0');
}

const io::ZipArchive& archive() {
  static const io::ZipArchive opened = [] {
    const InputFile file(archive_bytes());
    return io::ZipArchive::open(io::MappedFile::open(file.path()), "archive");
  }();
  return opened;
}

}  // namespace

void pickle(std::string_view bytes) {
  expect_read_or_refused([&] {
    io::TorchStorages storages(archive(), "m");
    touch(io::tensors_of(io::read_pickle({.bytes = bytes, .begin = 0, .what = "file"}, storages)));
  });
}

}  // namespace tessera::fuzz
