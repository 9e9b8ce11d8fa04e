#include "tests/golden/conformance.h"

namespace tessera::golden {

std::span<const Case> text_cases() {
  return {};
}

}  // namespace tessera::golden
