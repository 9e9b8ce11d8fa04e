#include "hub/file_lock.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

namespace tessera::hub {
namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(100);

/// Whether the path still leads to the open file: somebody may have removed it before it was
/// locked.
bool is_still(int descriptor, const std::filesystem::path& file) {
  struct stat opened = {};
  struct stat named = {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(file.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

}  // namespace

FileLock::FileLock(const std::filesystem::path& file,
                   const std::function<void()>& waiting,
                   std::stop_token stop) {
  bool told = false;
  for (;;) {
    const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    TESSERA_CHECK(opened >= 0, kIo, file.string(), ": cannot open: ", std::strerror(errno));
    const int reason = ::flock(opened, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (reason == 0 && is_still(opened, file)) {
      descriptor_ = opened;
      return;
    }
    ::close(opened);
    if (reason == 0) continue;
    TESSERA_CHECK(reason == EWOULDBLOCK || reason == EINTR,
                  kIo,
                  file.string(),
                  ": cannot lock: ",
                  std::strerror(reason));
    if (!told && waiting) waiting();
    told = true;
    std::this_thread::sleep_for(kBetweenLooks);
    TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped");
  }
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

}  // namespace tessera::hub
