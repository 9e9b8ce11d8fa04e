#include "io/mapped_file.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

namespace tessera::io {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const char* path) : number_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::filesystem::path& file) {
  const Descriptor descriptor(file.c_str());
  TESSERA_CHECK(descriptor.number() >= 0 || (errno != ENOENT && errno != ENOTDIR),
                kNotFound,
                file.string(),
                ": no such file");
  TESSERA_CHECK(
      descriptor.number() >= 0, kIo, file.string(), ": cannot read: ", std::strerror(errno));
  struct stat status {};
  TESSERA_CHECK(::fstat(descriptor.number(), &status) == 0,
                kIo,
                file.string(),
                ": cannot read: ",
                std::strerror(errno));
  TESSERA_CHECK(S_ISREG(status.st_mode), kInvalidArgument, file.string(), ": is not a plain file");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* data = nullptr;
  if (size > 0) {
    // Writable, so that an in-place operation on a loaded tensor copies a page instead of crashing.
    data = ::mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor.number(), 0);
    TESSERA_CHECK(data != MAP_FAILED, kIo, file.string(), ": cannot map: ", std::strerror(errno));
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(static_cast<std::byte*>(data), size));
}

void MappedFile::release(std::size_t first, std::size_t count) const {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t begin = (first + page - 1) / page * page;
  const std::size_t end = (first + count) / page * page;
  if (begin < end) ::madvise(data_ + begin, end - begin, MADV_DONTNEED);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace tessera::io
