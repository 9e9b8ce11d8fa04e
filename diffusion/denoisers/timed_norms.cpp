#include "diffusion/denoisers/timed_norms.h"

#include <utility>

#include <torch/nn.h>

namespace tessera::diffusion {

TimedNorms::TimedNorms(std::vector<BlockNorms> norms, std::int64_t times, std::int64_t rows)
    : blocks_(std::move(norms)), rows_(rows) {
  std::vector<at::Tensor> columns{at::empty({times, 0}, blocks_.front().self.gain.options())};
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    for (const auto member : {&BlockNorms::self, &BlockNorms::cross, &BlockNorms::mlp}) {
      nn::NormWeights& weights = blocks_[block].*member;
      if (!weights.gain.defined() || weights.gain.size(0) == 1) continue;
      changing_.push_back({block, member, weights.gain.size(1)});
      columns.push_back(weights.gain.reshape({times, -1}));
      columns.push_back(weights.shift.reshape({times, -1}));
      weights = {};
    }
  }
  table_ = at::cat(columns, 1);
}

std::vector<BlockNorms> TimedNorms::at(const at::Tensor& row) const {
  std::int64_t begin = 0;
  const auto next = [&](std::int64_t width) {
    const at::Tensor taken = row.narrow(1, begin, rows_ * width).view({rows_, width});
    begin += rows_ * width;
    return taken;
  };
  std::vector<BlockNorms> all = blocks_;
  for (const Norm& norm : changing_) {
    nn::NormWeights& weights = all[norm.block].*norm.weights;
    weights.gain = next(norm.width);
    weights.shift = next(norm.width);
  }
  return all;
}

}  // namespace tessera::diffusion
