#pragma once

#include <cstdlib>
#include <filesystem>

namespace tessera::test {

/// The recorded models: $TESSERA_GOLDEN, a folder of the same format, else tests/golden.
inline std::filesystem::path golden_folder() {
  const char* other = std::getenv("TESSERA_GOLDEN");
  return other != nullptr ? std::filesystem::path(other)
                          : std::filesystem::path(TESSERA_SOURCE_DIR) / "tests" / "golden";
}

}  // namespace tessera::test
