#include "data/code_cache.h"

#include <cerrno>
#include <cstring>

#include <ATen/ATen.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "io/crc32c.h"
#include "io/json_fields.h"
#include "io/sha256.h"

namespace tessera::data {
namespace fs = std::filesystem;
namespace {

// File: one page that names the key, then a row a sample: u32 checksum, codes. Unwritten rows are
// holes or lie behind the end, and read as checksum 0, which no row has.
constexpr std::int64_t kPage = 4096;
constexpr char kMagic[] = "tessera.codes/1\n";

std::string page_of(const CodeCacheKey& key) {
  const io::Json json = {{"source", io::sha256(key.source)},
                         {"quantiser", io::sha256(key.quantiser)},
                         {"samples", key.samples},
                         {"tokens", key.tokens},
                         {"codes", key.codes}};
  std::string page = kMagic + json.dump() + "\n";
  page.resize(kPage, '\0');
  return page;
}

/// Of one row; the index is part of it, so that a row that lies elsewhere does not pass. Never 0.
std::uint32_t checksum(std::int64_t index, const char* codes, std::size_t size) {
  const std::uint32_t sum = io::crc32c(codes, size, io::crc32c(&index, sizeof index));
  return sum == 0 ? 1 : sum;
}

bool read_at(int descriptor, char* to, std::size_t size, std::int64_t place) {
  while (size > 0) {
    const ssize_t got = ::pread(descriptor, to, size, place);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got, size -= static_cast<std::size_t>(got), place += got;
  }
  return true;
}

bool write_at(int descriptor, const char* from, std::size_t size, std::int64_t place) {
  while (size > 0) {
    const ssize_t got = ::pwrite(descriptor, from, size, place);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    from += got, size -= static_cast<std::size_t>(got), place += got;
  }
  return true;
}

/// The file's descriptor with the key's page in place, or -1 where the disk refuses.
int open_file(const fs::path& file, const std::string& page) {
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return -1;
  std::string found(page.size(), '\0');
  const bool whole = read_at(descriptor, found.data(), found.size(), 0);
  if (whole && found == page) return descriptor;
  if (::lseek(descriptor, 0, SEEK_END) > 0) {
    log_warning(concat(file.string(), ": not the code cache it should be; discarded, begun anew"));
  }
  if (::ftruncate(descriptor, 0) == 0 && write_at(descriptor, page.data(), page.size(), 0)) {
    return descriptor;
  }
  ::close(descriptor);
  return -1;
}

}  // namespace

std::unique_ptr<CodeCache> CodeCache::open(const fs::path& folder, const CodeCacheKey& key) {
  constexpr std::int64_t kMaxSize = std::int64_t{1} << 46;  // bytes of a file, with its holes
  TESSERA_CHECK(key.samples >= 1 && key.tokens >= 1 && key.tokens <= (1 << 20) && key.codes >= 2 &&
                    key.codes <= (std::int64_t{1} << 31) &&
                    key.samples <= kMaxSize / (4 + 4 * key.tokens),
                kInvalidArgument,
                "a code cache of ",
                key.samples,
                " samples with ",
                key.tokens,
                " tokens of ",
                key.codes,
                " codes is out of range");
  std::error_code failed;
  fs::create_directories(folder, failed);
  const std::string page = page_of(key);
  const fs::path file = folder / concat("codes-", io::sha256(page).substr(0, 16), ".bin");
  const int descriptor = open_file(file, page);
  if (descriptor < 0) {
    log_warning(concat(file.string(), ": codes are not cached: ", std::strerror(errno)));
  }
  return std::unique_ptr<CodeCache>(new CodeCache(file, key, descriptor));
}

CodeCache::CodeCache(fs::path file, const CodeCacheKey& key, int descriptor)
    : file_(std::move(file)),
      key_(key),
      descriptor_(descriptor),
      width_(key.codes <= 65536 ? 2 : 4),
      row_(4 + width_ * key.tokens),
      first_(kPage) {}

CodeCache::~CodeCache() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::int64_t CodeCache::place_of(std::int64_t index) const {
  return first_ + index * row_;
}

void CodeCache::check(const std::vector<std::int64_t>& indices) const {
  for (const std::int64_t index : indices) {
    TESSERA_CHECK(index >= 0 && index < key_.samples,
                  kInvalidArgument,
                  "sample must be in [0, ",
                  key_.samples,
                  "), got ",
                  index);
  }
}

CodeCache::Found CodeCache::get(const std::vector<std::int64_t>& indices) const {
  check(indices);
  const auto rows = static_cast<std::int64_t>(indices.size());
  Found found{at::zeros({rows, key_.tokens}, at::kLong), at::zeros({rows}, at::kBool), true};
  auto* codes = found.codes.mutable_data_ptr<std::int64_t>();
  auto* hit = found.hit.mutable_data_ptr<bool>();
  std::string row(static_cast<std::size_t>(row_), '\0');
  for (std::int64_t i = 0; i < rows; ++i, codes += key_.tokens) {
    const std::int64_t index = indices[static_cast<std::size_t>(i)];
    std::uint32_t sum = 0;
    hit[i] = descriptor_ >= 0 && read_at(descriptor_, row.data(), row.size(), place_of(index)) &&
             (std::memcpy(&sum, row.data(), 4), sum == checksum(index, &row[4], row.size() - 4));
    found.complete = found.complete && hit[i];
    for (std::int64_t n = 0; hit[i] && n < key_.tokens; ++n) {
      std::uint32_t code = 0;  // both widths are little-endian
      std::memcpy(
          &code, &row[static_cast<std::size_t>(4 + n * width_)], static_cast<std::size_t>(width_));
      codes[n] = code;
    }
  }
  return found;
}

void CodeCache::put(const std::vector<std::int64_t>& indices, const at::Tensor& codes) {
  check(indices);
  const auto rows = static_cast<std::int64_t>(indices.size());
  TESSERA_CHECK(codes.dim() == 2 && codes.size(0) == rows && codes.size(1) == key_.tokens &&
                    codes.scalar_type() == at::kLong,
                kShapeMismatch,
                "codes must be int64 [",
                rows,
                ", ",
                key_.tokens,
                "], got ",
                codes.sizes());
  const at::Tensor plain = codes.to(at::kCPU).contiguous();
  const auto* value = plain.const_data_ptr<std::int64_t>();
  std::string row(static_cast<std::size_t>(row_), '\0');
  for (const std::int64_t index : indices) {
    for (std::int64_t n = 0; n < key_.tokens; ++n, ++value) {
      TESSERA_CHECK(*value >= 0 && *value < key_.codes,
                    kInvalidArgument,
                    "codes must be in [0, ",
                    key_.codes,
                    "), got ",
                    *value);
      const auto code = static_cast<std::uint32_t>(*value);
      std::memcpy(
          &row[static_cast<std::size_t>(4 + n * width_)], &code, static_cast<std::size_t>(width_));
    }
    const std::uint32_t sum = checksum(index, &row[4], row.size() - 4);
    std::memcpy(row.data(), &sum, 4);
    if (descriptor_ >= 0 && !write_at(descriptor_, row.data(), row.size(), place_of(index))) {
      log_warning(concat(file_.string(), ": codes are no longer cached: ", std::strerror(errno)));
      ::close(descriptor_);
      descriptor_ = -1;
    }
  }
}

}  // namespace tessera::data
