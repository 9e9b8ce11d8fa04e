#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

namespace tessera::diffusion {

/// What is kept of p(x_0 | x_t) before a draw.
struct Truncation {
  double rate = 1.0;       // classes are kept until their mass first reaches `rate`; 1 = all
  std::int64_t top_k = 0;  // or the k most likely; 0 = not used
};

/// "", "1" (off), "0.86", "top0.86r" (a rate in (0, 1]), "top100p" (a number of classes).
/// Throws kInvalidArgument naming the text and the forms it accepts.
Truncation parse_truncation(std::string_view text);

/// Dropped classes become -inf; the most likely one always stays; not renormalised. Of equal
/// classes at the edge the one with the lower index stays.
at::Tensor truncate(const at::Tensor& log_p, const Truncation& truncation);

}  // namespace tessera::diffusion
