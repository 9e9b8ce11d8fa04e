#pragma once

#include <string>

#include <ATen/core/Tensor.h>

namespace tessera::io {

/// Weights that are not numbers draw noise, or nothing, without a word: throws kCorruptFile where a
/// floating-point tensor holds NaN or infinity, naming it after `what`. One pass, no copy.
void check_finite(const at::Tensor& tensor, const std::string& name, const std::string& what);

}  // namespace tessera::io
