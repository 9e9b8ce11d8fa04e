#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/io/zip_bytes.h"

namespace tessera::io::test {

// Pickles, opcode by opcode. Each function gives the bytes that leave its value on the stack.

inline std::string text(const std::string& value) {
  return "X" + little(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int64_t value) {
  if (value == static_cast<std::int32_t>(value))
    return "J" + little(static_cast<std::int32_t>(value));
  return std::string("\x8a\x08") + little(value);
}
inline std::string real(double value) {
  const std::string bytes = little(value);
  return "G" + std::string(bytes.rbegin(), bytes.rend());
}
inline std::string tuple(const std::vector<std::int64_t>& values) {
  std::string bytes = "(";
  for (const std::int64_t value : values) bytes += integer(value);
  return bytes + "t";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string bytes = "}(";
  for (const auto& [key, value] : entries) bytes += text(key) + value;
  return bytes + "u";
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string ordered_dict() {
  return global("collections", "OrderedDict") + ")R";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t values) {
  return "(" + text("storage") + global("torch", type) + text(key) + text("cpu") + integer(values) +
         "tQ";
}

struct Shape {
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes{};
  std::vector<std::int64_t> strides{};
};
inline std::string tensor(const std::string& storage_bytes, const Shape& shape) {
  return global("torch._utils", "_rebuild_tensor_v2") + "(" + storage_bytes +
         integer(shape.offset) + tuple(shape.sizes) + tuple(shape.strides) + "\x89" +
         ordered_dict() + "tR";
}

/// A pickle that holds one value.
inline std::string pickle_of(const std::string& value, char protocol = '\2') {
  return std::string("\x80") + protocol + value + ".";
}

/// A file of torch.save around a pickle; storage i is the member "m/data/i", aligned to 8.
inline std::string torch_file(const std::string& pickle,
                              const std::vector<std::string>& data = {}) {
  std::vector<ZipPart> parts = {{.name = "m/data.pkl", .data = pickle},
                                {.name = "m/byteorder", .data = "little"}};
  for (std::size_t i = 0; i < data.size(); ++i) {
    ZipPart part{.name = "m/data/" + std::to_string(i), .data = data[i]};
    const std::size_t at = zip_of(parts).find("PK\1\2") + zip_local(part).size();
    part.padding = (8 - at % 8) % 8;
    parts.push_back(std::move(part));
  }
  return zip_of(parts);
}

}  // namespace tessera::io::test
