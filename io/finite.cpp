#include "io/finite.h"

#include <cmath>

#include <ATen/ATen.h>

#include "core/error.h"

namespace tessera::io {

void check_finite(const at::Tensor& tensor, const std::string& name, const std::string& what) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return;
  // A sum is finite only where all of its terms are; in float32 that of a few thousand weights that
  // mean anything does not overflow. Piece by piece, since halves are widened first.
  constexpr std::int64_t kPiece = 1 << 14;
  const at::ScalarType wide = at::promote_types(tensor.scalar_type(), at::kFloat);
  bool finite = true;
  for (const at::Tensor& piece : tensor.flatten().split(kPiece)) {
    finite = finite && std::isfinite(piece.sum(wide).item<double>());
  }
  TESSERA_CHECK(finite, kCorruptFile, what, ": \"", name, "\" holds values that are not numbers");
}

}  // namespace tessera::io
