#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "hub/sha1.h"
#include "io/sha256.h"

namespace tessera::hub {

/// "sha256" for an etag of 64 lower-case hexadecimal digits (large files), "git sha1" for one of 40
/// (small ones), "" for anything else, which cannot be checked and is no name for a file.
std::string hash_kind(const std::string& etag);

/// The hash that an etag promises, of bytes that arrive in pieces.
class ContentHash {
 public:
  /// `size` is the whole file's: git hashes it first. REQUIRES: hash_kind(etag) is not empty.
  ContentHash(const std::string& etag, std::uint64_t size);
  void update(const void* data, std::size_t size);
  std::string hex();

 private:
  std::variant<io::Sha256, Sha1> sum_;
};

}  // namespace tessera::hub
