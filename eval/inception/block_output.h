#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

/// The outputs of a block's branches side by side, in the order in which they are added; the pools
/// that end a branch write where their result belongs. Channels last, on any device.
class BlockOutput {
 public:
  /// For the branches of a block that reads `x`: `channels` in all, `side` pixels.
  BlockOutput(const at::Tensor& x, std::int64_t channels, std::int64_t side);

  void add(const at::Tensor& branch);
  /// 3 x 3 maxima.
  void add_maximum(const at::Tensor& x, std::int64_t stride, std::int64_t padding);
  /// 3 x 3 means of the pixels that there are (the border does not count as zeros), rectified.
  void add_rectified_mean(const at::Tensor& x);

  const at::Tensor& all() const { return all_; }

 private:
  at::Tensor next(std::int64_t channels);

  at::Tensor all_;
  std::int64_t used_ = 0;
};

/// 3 x 3 maxima of every other pixel.
at::Tensor halved_maximum(const at::Tensor& x);

}  // namespace tessera::eval
