#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// What makes numbers of two evaluations comparable; printed with every result. Two features are
/// the same only where all of it is.
struct FeatureFacts {
  std::string name{};           // "inception-2015-12-05", "clip"
  std::string weights{};        // SHA-256 of the weight file, 64 hexadecimal digits
  std::string preprocessing{};  // "clean", "legacy-pytorch", …
  std::string precision = "fp32";
  std::int64_t dims = 0;     // of a picture's features
  std::int64_t spatial = 0;  // of its features with places (sFID); 0 = it has none
  std::int64_t classes = 0;  // of its class scores (Inception Score); 0 = it has none
};

/// Of a batch, float32 on the CPU; undefined where FeatureFacts says 0.
struct Features {
  at::Tensor pooled{};   // [B, dims]
  at::Tensor spatial{};  // [B, spatial]
  at::Tensor logits{};   // [B, classes], before the softmax
};

/// A fixed network that turns pictures into points, so that sets of pictures can be compared.
class FeatureExtractor {
 public:
  virtual ~FeatureExtractor() = default;
  virtual const FeatureFacts& facts() const = 0;

  /// A decoded picture, [H, W, 3] uint8 on the CPU, as the network's input (resized and scaled),
  /// of one shape for all pictures. Called from several threads at once, and keeps to its own.
  virtual at::Tensor prepare(const at::Tensor& picture) const = 0;

  /// A batch of prepared pictures, stacked. Row r depends on row r alone. One caller at a time.
  virtual Features extract(const at::Tensor& inputs) const = 0;
};

}  // namespace tessera::eval
