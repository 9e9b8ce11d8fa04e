#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace tessera::io {

/// SHA-256 (FIPS 180-4) of bytes that arrive in pieces.
class Sha256 {
 public:
  void update(const void* data, std::size_t size);
  /// 64 lower-case hexadecimal digits; ends the sum.
  std::string hex();

 private:
  void block(const unsigned char* bytes);
  std::array<std::uint32_t, 8> state_{0x6a09e667u,
                                      0xbb67ae85u,
                                      0x3c6ef372u,
                                      0xa54ff53au,
                                      0x510e527fu,
                                      0x9b05688cu,
                                      0x1f83d9abu,
                                      0x5be0cd19u};
  std::array<unsigned char, 64> waiting_{};
  std::uint64_t size_ = 0;  // bytes so far; size_ % 64 of them wait
};

std::string sha256(std::string_view bytes);

/// Of a file's content. Throws kNotFound, kIo.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace tessera::io
