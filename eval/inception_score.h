#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::eval {

struct InceptionScore {
  double mean = 0;       // of the parts, in [1, classes]
  double deviation = 0;  // dividing by their number
  std::int64_t splits = 0;
};

/// exp of the mean of KL(p(class | picture) || p(class)) (Salimans et al., NeurIPS 2016), of
/// `splits` consecutive parts of the rows, part i from floor(i N / splits) on. `logits` [N,
/// classes] before the softmax; float64 inside. Throws kShapeMismatch, kInvalidArgument where
/// splits is not in 1..N.
InceptionScore inception_score(const at::Tensor& logits, std::int64_t splits);

}  // namespace tessera::eval
