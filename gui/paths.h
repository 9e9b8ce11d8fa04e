#pragma once

#include <filesystem>

namespace tessera::gui {

/// Where the application keeps what outlives it.
struct Paths {
  std::filesystem::path history{};   // the SQLite file
  std::filesystem::path pictures{};  // folder of pictures, unless the preferences name another
  std::filesystem::path window{};    // INI: geometry, last settings, preferences, keys
  std::filesystem::path runs{};      // folder of training runs
};

/// XDG: history and runs in the data folder, the window in the state folder, pictures in the
/// desktop's own folder of pictures.
Paths user_paths();

/// Everything under one folder: for tests, and for a second, separate studio.
Paths paths_in(const std::filesystem::path& folder);

}  // namespace tessera::gui
