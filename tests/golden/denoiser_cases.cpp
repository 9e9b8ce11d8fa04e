#include "tests/golden/conformance.h"

namespace tessera::golden {

std::span<const Case> denoiser_cases() {
  return {};
}

}  // namespace tessera::golden
