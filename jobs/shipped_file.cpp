#include "jobs/shipped_file.h"

#include <cstdlib>
#include <string>

#include "core/error.h"

namespace tessera::jobs {
namespace fs = std::filesystem;

fs::path shipped_file(const fs::path& relative) {
  std::error_code failed;
  fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
  const fs::path program = folder;
  while (!failed && !folder.empty()) {
    for (const fs::path& place : {folder / relative, folder / "share" / "tessera" / relative}) {
      if (fs::exists(place, failed)) return place;
    }
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  if (fs::exists(relative, failed)) return relative;
  TESSERA_THROW(kNotFound,
                relative.string(),
                ": not found above ",
                program.string(),
                " nor in the current folder");
}

fs::path atlas_file(const fs::path& given) {
  if (!given.empty()) return given;
  const char* named = std::getenv("TESSERA_ATLAS");
  if (named != nullptr && *named != '\0') return named;
  return shipped_file("data/scenes/atlas/emoji.safetensors");
}

}  // namespace tessera::jobs
