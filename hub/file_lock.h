#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>

namespace tessera::hub {

/// An exclusive lock of a file (flock), which other tools of the shared cache take too. The system
/// lets go of it when the process ends, however that happens; the file stays.
class FileLock {
 public:
  /// Waits for whoever holds it; `waiting` is told once before that. Throws kIo, kCancelled.
  FileLock(const std::filesystem::path& file,
           const std::function<void()>& waiting,
           std::stop_token stop);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace tessera::hub
