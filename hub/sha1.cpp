#include "hub/sha1.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace tessera::hub {
namespace {

/// The round's function of b, c, d and its constant (FIPS 180-4, 4.1.1 and 4.2.1).
std::uint32_t mixed(std::size_t round, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  if (round < 20) return ((b & c) ^ (~b & d)) + 0x5a827999u;
  if (round < 40) return (b ^ c ^ d) + 0x6ed9eba1u;
  if (round < 60) return ((b & c) ^ (b & d) ^ (c & d)) + 0x8f1bbcdcu;
  return (b ^ c ^ d) + 0xca62c1d6u;
}

}  // namespace

void Sha1::block(const unsigned char* bytes) {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = std::uint32_t{bytes[4 * i]} << 24 | std::uint32_t{bytes[4 * i + 1]} << 16 |
           std::uint32_t{bytes[4 * i + 2]} << 8 | std::uint32_t{bytes[4 * i + 3]};
  }
  for (std::size_t i = 16; i < 80; ++i) {
    w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  auto [a, b, c, d, e] = state_;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t next = std::rotl(a, 5) + mixed(i, b, c, d) + e + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  const std::array<std::uint32_t, 5> added = {a, b, c, d, e};
  for (std::size_t i = 0; i < added.size(); ++i) state_[i] += added[i];
}

void Sha1::update(const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  while (size > 0) {
    const std::size_t held = size_ % 64;
    if (held == 0 && size >= 64) {
      block(bytes);
      size_ += 64, bytes += 64, size -= 64;
      continue;
    }
    const std::size_t taken = std::min(size, 64 - held);
    std::memcpy(waiting_.data() + held, bytes, taken);
    size_ += taken, bytes += taken, size -= taken;
    if (size_ % 64 == 0) block(waiting_.data());
  }
}

std::string Sha1::hex() {
  const std::uint64_t bits = size_ * 8;
  const std::array<unsigned char, 64> padding = {0x80};
  update(padding.data(), 1 + (119 - size_ % 64) % 64);
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<unsigned char>(bits >> (56 - 8 * i));
  update(length.data(), length.size());
  std::string out;
  for (const std::uint32_t word : state_) {
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[(word >> shift) & 15u];
  }
  return out;
}

}  // namespace tessera::hub
