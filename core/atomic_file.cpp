#include "core/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

fs::path temporary_beside(const fs::path& target) {
  static std::atomic<unsigned> counter{0};
  return target.parent_path() /
         concat(".", target.filename().string(), ".", ::getpid(), ".", counter++, ".tmp");
}

void flush_to_disk(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  TESSERA_CHECK(descriptor >= 0, kIo, file.string(), ": cannot reopen: ", std::strerror(errno));
  const int failed = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // Some file systems (and pipes) refuse fsync; only a real write error counts.
  TESSERA_CHECK(failed == 0 || reason == EINVAL || reason == EROFS,
                kIo,
                file.string(),
                ": cannot write: ",
                std::strerror(reason));
}

}  // namespace

void write_atomically(const fs::path& target, const std::function<void(const fs::path&)>& write) {
  const fs::path temporary = temporary_beside(target);
  try {
    write(temporary);
    flush_to_disk(temporary);
    std::error_code failed;
    fs::rename(temporary, target, failed);
    TESSERA_CHECK(!failed, kIo, target.string(), ": cannot write: ", failed.message());
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void write_file_atomically(const fs::path& target, std::string_view bytes) {
  write_atomically(target, [&](const fs::path& temporary) {
    errno = 0;
    std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
    TESSERA_CHECK(out, kIo, target.string(), ": cannot write: ", std::strerror(errno));
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    out.flush();
    TESSERA_CHECK(out, kIo, target.string(), ": cannot write: ", std::strerror(errno));
  });
}

void write_folder_atomically(const fs::path& target,
                             const std::function<void(const fs::path&)>& write) {
  TESSERA_CHECK(!fs::exists(target), kInvalidArgument, target.string(), ": exists already");
  fs::path unfinished = target.has_filename() ? target : target.parent_path();
  unfinished += ".unfinished";
  std::error_code ignored;
  try {
    fs::remove_all(unfinished);
    fs::create_directories(unfinished);
    write(unfinished);
    fs::rename(unfinished, target);
  } catch (const fs::filesystem_error& failed) {
    fs::remove_all(unfinished, ignored);
    TESSERA_THROW(kIo, target.string(), ": cannot be written: ", failed.code().message());
  } catch (...) {
    fs::remove_all(unfinished, ignored);
    throw;
  }
}

std::string read_file(const fs::path& file, std::uintmax_t max_bytes) {
  std::error_code failed;
  const auto status = fs::status(file, failed);
  TESSERA_CHECK(fs::exists(status), kNotFound, file.string(), ": no such file");
  TESSERA_CHECK(
      !fs::is_directory(status), kInvalidArgument, file.string(), ": is a folder, not a file");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  TESSERA_CHECK(in, kIo, file.string(), ": cannot read: ", std::strerror(errno));
  std::string bytes;
  char block[65536];
  while (in.read(block, sizeof block) || in.gcount() > 0) {
    bytes.append(block, static_cast<std::size_t>(in.gcount()));
    TESSERA_CHECK(bytes.size() <= max_bytes,
                  kInvalidArgument,
                  file.string(),
                  ": larger than the limit of ",
                  max_bytes,
                  " bytes");
  }
  TESSERA_CHECK(!in.bad(), kIo, file.string(), ": cannot read: ", std::strerror(errno));
  return bytes;
}

}  // namespace tessera
