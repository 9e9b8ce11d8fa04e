#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// How a codec's codes are used over many pictures.
class CodeUse {
 public:
  explicit CodeUse(std::int64_t codes) : counts_(static_cast<std::size_t>(codes), 0) {}
  /// codes [...] int64 in [0, K); throws kInvalidArgument for one outside.
  void add(const at::Tensor& codes);

  std::int64_t codes() const { return static_cast<std::int64_t>(counts_.size()); }
  std::int64_t tokens() const { return tokens_; }
  std::int64_t used() const;  // codes that occurred at all
  /// Entropy of the codes' frequencies in bits; 0 without tokens.
  double entropy_bits() const;
  /// 2^entropy: as many codes used equally often would have it. Van den Oord et al. 2017.
  double perplexity() const;

 private:
  std::vector<std::int64_t> counts_;
  std::int64_t tokens_ = 0;
};

}  // namespace tessera::eval
