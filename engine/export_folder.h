#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace tessera::engine {

/// A folder that an export fills, file by file, and can go on filling after an interrupt. What it
/// is an export of stands in `export.unfinished` until finish(). No file is written over: one that
/// is there must hold the very bytes that would be written.
class ExportFolder {
 public:
  /// Throws kInvalidArgument where `folder` holds anything but an unfinished export with these
  /// `settings`, kIo.
  ExportFolder(const std::filesystem::path& folder, const std::string& settings);
  /// Throws kInvalidArgument where another file of that name is there, kIo.
  void put(const std::string& name, std::string_view bytes);
  void finish();

 private:
  std::filesystem::path folder_;
};

}  // namespace tessera::engine
