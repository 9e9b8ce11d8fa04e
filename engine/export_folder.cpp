#include "engine/export_folder.h"

#include "core/atomic_file.h"
#include "core/error.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMark = "export.unfinished";

}  // namespace

ExportFolder::ExportFolder(const fs::path& folder, const std::string& settings) : folder_(folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  TESSERA_CHECK(!failed, kIo, folder.string(), ": cannot make this folder: ", failed.message());
  const fs::path mark = folder / kMark;
  if (fs::exists(mark, failed)) {
    TESSERA_CHECK(read_file(mark, 1u << 20) == settings,
                  kInvalidArgument,
                  folder.string(),
                  ": holds an unfinished export of other samples (",
                  kMark,
                  " says which)");
    return;
  }
  TESSERA_CHECK(fs::is_empty(folder), kInvalidArgument, folder.string(), ": is not empty");
  write_file_atomically(mark, settings);
}

void ExportFolder::put(const std::string& name, std::string_view bytes) {
  const fs::path file = folder_ / name;
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(file, failed))) {
    write_file_atomically(file, bytes);
    return;
  }
  const bool same = fs::is_regular_file(file, failed) &&
                    fs::file_size(file, failed) == bytes.size() && read_file(file) == bytes;
  TESSERA_CHECK(same,
                kInvalidArgument,
                file.string(),
                ": is there already and is not what this export would write");
}

void ExportFolder::finish() {
  std::error_code failed;
  fs::remove(folder_ / kMark, failed);
  TESSERA_CHECK(!failed, kIo, (folder_ / kMark).string(), ": cannot remove: ", failed.message());
}

}  // namespace tessera::engine
