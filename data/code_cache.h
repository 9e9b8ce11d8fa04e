#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::data {

/// What the codes depend on; another value of any field is another cache file.
struct CodeCacheKey {
  std::string source{};      // Source::fingerprint()
  std::string quantiser{};   // hash of the VQ-VAE's weights and options
  std::int64_t samples = 0;  // Source::size()
  std::int64_t tokens = 0;   // N, codes of one sample
  std::int64_t codes = 0;    // K; up to 65,536 a code takes two bytes, beyond it four
};

/// Codes of samples on disk, filled while training runs: the VQ-VAE sees each sample once. Rows are
/// checksummed one by one, so a crash, a torn write or a flipped bit costs that row and no more; a
/// file that is not of this key is discarded with a warning. Losing the disk (full, read-only)
/// warns once and turns the cache into one that finds nothing. Several processes may share a file.
/// Not for several threads at once.
class CodeCache {
 public:
  /// Opens or creates `folder`/codes-HASH.bin. Throws kInvalidArgument for a key out of range.
  static std::unique_ptr<CodeCache> open(const std::filesystem::path& folder,
                                         const CodeCacheKey& key);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  struct Found {
    at::Tensor codes{};     // [B, N] int64 on the CPU; zeros in the rows that are not there
    at::Tensor hit{};       // [B] bool
    bool complete = false;  // every row is there
  };
  /// Throws kInvalidArgument for an index outside [0, samples).
  Found get(const std::vector<std::int64_t>& indices) const;

  /// `codes` [B, N] int64 in [0, K), any device.
  void put(const std::vector<std::int64_t>& indices, const at::Tensor& codes);

  const std::filesystem::path& file() const { return file_; }

 private:
  CodeCache(std::filesystem::path file, const CodeCacheKey& key, int descriptor);
  std::int64_t place_of(std::int64_t index) const;
  void check(const std::vector<std::int64_t>& indices) const;

  std::filesystem::path file_;
  CodeCacheKey key_;
  int descriptor_;      // -1 = gave up
  std::int64_t width_;  // bytes of a code
  std::int64_t row_;    // bytes of a row: checksum and codes
  std::int64_t first_;  // place of row 0 in the file
};

}  // namespace tessera::data
