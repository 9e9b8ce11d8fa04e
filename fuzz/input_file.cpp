#include "fuzz/input_file.h"

#include <stdexcept>
#include <string>

#include <ATen/ATen.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/error.h"

namespace tessera::fuzz {
namespace {

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    TESSERA_CHECK(written > 0, kIo, "cannot write a file in memory");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

InputFile::InputFile(std::string_view bytes) : descriptor_(::memfd_create("input", MFD_CLOEXEC)) {
  TESSERA_CHECK(descriptor_ >= 0, kIo, "cannot make a file in memory");
  write_all(descriptor_, bytes);
  path_ = "/proc/self/fd/" + std::to_string(descriptor_);
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

void expect_read_or_refused(const std::function<void()>& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorruptFile) throw;
    if (std::string_view(error.what()).find('\n') != std::string_view::npos) {
      throw std::logic_error("a message of several lines");
    }
  }
}

void touch(const io::StateDict& state) {
  constexpr std::int64_t kLarge = 1 << 16;
  for (const auto& [name, tensor] : state.tensors) {
    if (tensor.numel() == 0) continue;
    if (tensor.numel() <= kLarge) {
      tensor.to(at::kDouble).sum().item<double>();
      continue;
    }
    at::Tensor first = tensor;
    at::Tensor last = tensor;
    while (first.dim() > 0) {
      first = first.select(0, 0);
      last = last.select(0, last.size(0) - 1);
    }
    (first.to(at::kDouble) + last.to(at::kDouble)).item<double>();
  }
}

}  // namespace tessera::fuzz
