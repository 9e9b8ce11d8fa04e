#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "diffusion/denoisers/transformer_block.h"

namespace tessera::diffusion {

/// The weights of all norms of a transformer at every time of a plan. What changes with time lies
/// in one table with a row a time, so that a step finds its own by one look-up, on the device too.
class TimedNorms {
 public:
  TimedNorms() = default;
  /// `norms`: one a block, whose gains and shifts are [times · rows, D], times first; those of one
  /// row hold at all times.
  TimedNorms(std::vector<BlockNorms> norms, std::int64_t times, std::int64_t rows);

  const at::Tensor& table() const { return table_; }  // [times, W] float32
  /// A row of the table, [1, W] -> the norms at that time: [rows, D] each, views of it.
  std::vector<BlockNorms> at(const at::Tensor& row) const;

 private:
  /// A norm that changes with time. The table has its gain and then its shift, in the norms' order.
  struct Norm {
    std::size_t block = 0;
    nn::NormWeights BlockNorms::*weights = nullptr;
    std::int64_t width = 0;  // D
  };

  std::vector<BlockNorms> blocks_{};  // what holds at all times
  std::vector<Norm> changing_{};
  at::Tensor table_{};
  std::int64_t rows_ = 1;
};

}  // namespace tessera::diffusion
