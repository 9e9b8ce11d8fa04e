#include "tests/golden/conformance.h"

namespace tessera::golden {

std::span<const Case> codec_cases() {
  return {};
}

}  // namespace tessera::golden
