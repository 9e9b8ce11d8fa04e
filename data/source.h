#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::data {

struct Batch {
  at::Tensor images{};  // [B, 3, H, W] float32 in [-1, 1], or undefined when codes are given
  at::Tensor codes{};   // [B, N] int64, or undefined
  std::vector<std::string> captions{};  // one a row
  std::vector<std::int64_t> indices{};  // index of each row in the source
};

/// Sample i is the same for ever: order, workers and devices do not matter to it.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::int64_t size() const = 0;
  /// Throws kInvalidArgument for an index outside [0, size()).
  virtual Batch get(const std::vector<std::int64_t>& indices, at::Device device) const = 0;
  /// Captions alone, where that is cheaper.
  virtual std::vector<std::string> captions(const std::vector<std::int64_t>& indices) const = 0;
  /// Names the data and its parameters: the same text, the same samples. Keys the code cache.
  virtual std::string fingerprint() const = 0;
};

}  // namespace tessera::data
