#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tessera::hub {

/// SHA-1 (FIPS 180-4) of bytes that arrive in pieces: the name that git gives small files. It tells
/// damage, not forgery.
class Sha1 {
 public:
  void update(const void* data, std::size_t size);
  /// 40 lower-case hexadecimal digits; ends the sum.
  std::string hex();

 private:
  void block(const unsigned char* bytes);
  std::array<std::uint32_t, 5> state_{
      0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
  std::array<unsigned char, 64> waiting_{};
  std::uint64_t size_ = 0;  // bytes so far; size_ % 64 of them wait
};

}  // namespace tessera::hub
