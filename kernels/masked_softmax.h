#pragma once

#include <cstdint>

#include "kernels/bfloat16.h"
#include "kernels/targets.h"

namespace tessera::kernels {

/// p = softmax(scale * scores) over the last axis, where keys may be hidden: the middle of
/// attention. Pictures share their hidden keys over all heads and queries. A hidden key gets
/// exactly 0. REQUIRES: at least one visible key a picture; contiguous arrays, none of them
/// another. Number is float or Bfloat16.
template <typename Number>
struct MaskedSoftmax {
  std::int64_t keys = 0;             // L
  std::int64_t rows_in_picture = 0;  // heads * queries
  float scale = 1;                   // positive
  const Number* scores = nullptr;    // [pictures, rows_in_picture, L]
  const bool* visible = nullptr;     // [pictures, L], or null = all
  Number* probability = nullptr;     // [pictures, rows_in_picture, L]
};

/// Pictures first … last - 1.
void masked_softmax(const MaskedSoftmax<float>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target());
void masked_softmax(const MaskedSoftmax<Bfloat16>& args,
                    std::int64_t first,
                    std::int64_t last,
                    Target target = best_target());

/// grad_scores = scale * p * (grad_p - sum(p * grad_p)).
template <typename Number>
struct MaskedSoftmaxGradient {
  std::int64_t keys = 0;
  std::int64_t rows_in_picture = 0;
  float scale = 1;
  const Number* probability = nullptr;
  const Number* grad_probability = nullptr;
  Number* grad_scores = nullptr;
};

void masked_softmax_gradient(const MaskedSoftmaxGradient<float>& args,
                             std::int64_t first,
                             std::int64_t last,
                             Target target = best_target());
void masked_softmax_gradient(const MaskedSoftmaxGradient<Bfloat16>& args,
                             std::int64_t first,
                             std::int64_t last,
                             Target target = best_target());

}  // namespace tessera::kernels
