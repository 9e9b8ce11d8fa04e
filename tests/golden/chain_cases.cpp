#include "tests/golden/conformance.h"

namespace tessera::golden {

std::span<const Case> chain_cases() {
  return {};
}

}  // namespace tessera::golden
