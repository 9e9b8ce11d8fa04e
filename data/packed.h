#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "data/source.h"

namespace tessera::data {

/// Packed pictures (docs/formats/packed.md): mapped, so opening is instant and memory is the
/// system's page cache. A sample is a picture with one of its captions: a picture with five
/// captions is five samples, stored once. Throws kNotFound, or kCorruptFile naming the file.
std::unique_ptr<const Source> open_packed(const std::filesystem::path& folder);

/// Whether `folder` holds a finished pack.
bool is_packed(const std::filesystem::path& folder);

struct PackOptions {
  std::int64_t resolution = 64;                        // side of the square pictures
  std::int64_t shard_bytes = std::int64_t{256} << 20;  // pixels of one shard, at most
};

/// Writes a pack, whole or not at all: into the sibling folder NAME.partial (one left by a killed
/// run is replaced), renamed by finish(). Without finish() everything is removed again.
class PackWriter {
 public:
  /// Throws kInvalidArgument where `folder` exists and is not empty, kIo where it cannot be made.
  PackWriter(const std::filesystem::path& folder, const PackOptions& options);
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  /// `image` uint8 [3, S, S] on the CPU; at least one caption, UTF-8.
  void add(const at::Tensor& image, const std::vector<std::string>& captions);
  /// Throws kInvalidArgument where no picture was added.
  void finish();

  std::int64_t images() const { return images_; }
  std::int64_t samples() const { return samples_; }

 private:
  struct Shard {
    std::string file{};
    std::string sha256{};
    std::int64_t images = 0;
    std::int64_t samples = 0;
  };
  void write_shard();

  std::filesystem::path folder_;
  std::filesystem::path partial_;
  PackOptions options_;
  std::int64_t rows_;    // pictures of a full shard
  at::Tensor pixels_{};  // [rows, 3, S, S] uint8, the shard being filled
  std::int64_t filled_ = 0;
  std::string captions_{};                // of this shard, one after another
  std::vector<std::int64_t> offsets_{0};  // where each begins, and the end
  std::vector<std::int64_t> image_{};     // row of the picture of each
  std::vector<Shard> shards_{};
  std::int64_t images_ = 0;
  std::int64_t samples_ = 0;
};

}  // namespace tessera::data
