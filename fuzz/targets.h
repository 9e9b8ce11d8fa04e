#pragma once

#include <array>
#include <string_view>

namespace tessera::fuzz {

// Each gives arbitrary bytes to one reader, looks at all that it made of them, and returns whether
// it read them or refused them as kCorruptFile. A crash, or another exception, is a fault of the
// reader.

void safetensors(std::string_view bytes);
void torch_file(std::string_view bytes);
/// The pickle alone, over an archive of two storages: no checksum stands before it.
void pickle(std::string_view bytes);
void json(std::string_view bytes);
void token_table(std::string_view bytes);
/// A NumPy archive: the zip around it, its deflate streams and the headers of its arrays.
void npz(std::string_view bytes);

struct Target {
  const char* name = "";
  void (*run)(std::string_view bytes) = nullptr;
};
inline constexpr std::array<Target, 6> kTargets = {{{"safetensors", safetensors},
                                                    {"torch_file", torch_file},
                                                    {"pickle", pickle},
                                                    {"json", json},
                                                    {"token_table", token_table},
                                                    {"npz", npz}}};

}  // namespace tessera::fuzz
