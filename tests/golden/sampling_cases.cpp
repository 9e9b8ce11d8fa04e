#include "tests/golden/conformance.h"

namespace tessera::golden {

std::span<const Case> sampling_cases() {
  return {};
}

}  // namespace tessera::golden
