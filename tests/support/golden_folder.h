#pragma once

#include <cstdlib>
#include <filesystem>

namespace tessera::test {

/// The recorded models: $TESSERA_GOLDEN, a folder of the same format, else tests/golden below
/// `source`, TESSERA_SOURCE_DIR of the caller.
inline std::filesystem::path golden_folder(const std::filesystem::path& source) {
  const char* other = std::getenv("TESSERA_GOLDEN");
  return other != nullptr ? std::filesystem::path(other) : source / "tests" / "golden";
}

}  // namespace tessera::test
