#include "eval/code_use.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::eval {

void CodeUse::add(const at::Tensor& codes) {
  const at::Tensor all = codes.to(at::kCPU, at::kLong).contiguous();
  const std::int64_t* values = all.const_data_ptr<std::int64_t>();
  for (std::int64_t k = 0; k < all.numel(); ++k) {
    TESSERA_CHECK(values[k] >= 0 && values[k] < this->codes(),
                  kInvalidArgument,
                  "a code must be in 0..",
                  this->codes() - 1,
                  ", got ",
                  values[k]);
    ++counts_[static_cast<std::size_t>(values[k])];
  }
  tokens_ += all.numel();
}

std::int64_t CodeUse::used() const {
  return std::count_if(counts_.begin(), counts_.end(), [](std::int64_t n) { return n > 0; });
}

double CodeUse::entropy_bits() const {
  double entropy = 0;
  for (const std::int64_t count : counts_) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(tokens_);
    entropy -= share * std::log2(share);
  }
  return entropy;
}

double CodeUse::perplexity() const {
  return std::exp2(entropy_bits());
}

}  // namespace tessera::eval
