#pragma once

#include <cstdint>
#include <string_view>

namespace tessera::data {

inline constexpr std::uint64_t kStableHashStart = 0xcbf29ce484222325;

/// FNV-1a, 64 bit, continued over more bytes.
constexpr std::uint64_t stable_hash_more(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash;
}

/// The mixing step behind it, which makes the low digits good.
constexpr std::uint64_t stable_hash_finish(std::uint64_t hash) {
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccd;
  return hash ^ (hash >> 33);
}

/// The hash that decides what is held out, of a UTF-8 key. The same in every program and for ever.
constexpr std::uint64_t stable_hash(std::string_view key) {
  return stable_hash_finish(stable_hash_more(kStableHashStart, key));
}

}  // namespace tessera::data
