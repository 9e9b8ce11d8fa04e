#include "hub/download.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "hub/content_hash.h"
#include "hub/file_lock.h"
#include "hub/retry.h"

namespace tessera::hub {
namespace fs = std::filesystem;
namespace {

/// The unfinished file, open for writing at its end.
class Part {
 public:
  explicit Part(const fs::path& file) : file_(file) {
    descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    TESSERA_CHECK(descriptor_ >= 0, kIo, file.string(), ": cannot open: ", std::strerror(errno));
  }
  ~Part() { ::close(descriptor_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// Hands every byte that is there to `hash`, and stands at the end; returns their number.
  std::uint64_t read_into(ContentHash& hash, std::stop_token stop) {
    ::lseek(descriptor_, 0, SEEK_SET);
    std::vector<char> block(1u << 20);
    std::uint64_t bytes = 0;
    for (;;) {
      TESSERA_CHECK(!stop.stop_requested(), kCancelled, "stopped");
      const ssize_t count = ::read(descriptor_, block.data(), block.size());
      if (count < 0 && errno == EINTR) continue;
      TESSERA_CHECK(count >= 0, kIo, file_.string(), ": cannot read: ", std::strerror(errno));
      if (count == 0) return bytes;
      hash.update(block.data(), static_cast<std::size_t>(count));
      bytes += static_cast<std::uint64_t>(count);
    }
  }
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      TESSERA_CHECK(count >= 0, kIo, file_.string(), ": cannot write: ", std::strerror(errno));
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  void empty() {
    TESSERA_CHECK(::ftruncate(descriptor_, 0) == 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0,
                  kIo,
                  file_.string(),
                  ": cannot write: ",
                  std::strerror(errno));
  }
  /// On the disk, and under its final name.
  void finish(const fs::path& target) {
    TESSERA_CHECK(::fsync(descriptor_) == 0 || errno == EINVAL || errno == EROFS,
                  kIo,
                  file_.string(),
                  ": cannot write: ",
                  std::strerror(errno));
    std::error_code failed;
    fs::rename(file_, target, failed);
    TESSERA_CHECK(!failed, kIo, target.string(), ": cannot write: ", failed.message());
  }
  void remove() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }

 private:
  fs::path file_;
  int descriptor_ = -1;
};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// "bytes 7-99/100" -> 7 and 100.
struct ContentRange {
  std::optional<std::uint64_t> first{};
  std::optional<std::uint64_t> total{};
};
ContentRange parse_range(const std::string& header) {
  ContentRange range;
  const std::string_view text = header;
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == std::string_view::npos ||
      slash == std::string_view::npos) {
    return range;
  }
  range.first = number_of(text.substr(6, dash - 6));
  range.total = number_of(text.substr(slash + 1));
  return range;
}

/// One blob on its way: what is written, the hash of it, and where the next request begins.
class Transfer {
 public:
  Transfer(const Download& download, const DownloadWatch& watch, std::stop_token stop)
      : download_(download),
        watch_(watch),
        stop_(std::move(stop)),
        what_(download.repository + ": " + download.file.path),
        part_(download.cache.incomplete(download.file.etag)) {}

  void run() {
    const bool resumed = begin_with_part();
    fetch_rest();
    if (resumed && !is_right()) {  // what lay here may be another program's, or of a power cut
      start_over();
      fetch_rest();
    }
    const std::string& etag = download_.file.etag;
    if (!is_right()) {
      throw_away(concat("wrong ", hash_kind(etag), ": expected ", etag, ", got ", sum_));
    }
    part_.finish(download_.cache.blob(etag));
  }

 private:
  std::uint64_t wanted() const { return download_.file.bytes; }
  ContentHash new_hash() const { return {download_.file.etag, wanted()}; }

  bool begin_with_part() {
    have_ = part_.read_into(hash_, stop_);
    if (have_ > wanted()) start_over();
    if (watch_.bytes) watch_.bytes(have_);
    return have_ > 0;
  }

  void start_over() {
    part_.empty();
    hash_ = new_hash();
    sum_.clear();
    have_ = 0;
    validator_.clear();
  }

  bool is_right() {
    if (sum_.empty()) sum_ = hash_.hex();
    return sum_ == download_.file.etag;
  }

  [[noreturn]] void throw_away(const std::string& reason) {
    part_.remove();
    TESSERA_THROW(kCorruptFile, what_, ": ", reason, "; the download was thrown away");
  }

  [[noreturn]] void wrong_size(std::uint64_t got, const char* more = "") {
    throw_away(concat("wrong size: expected ", wanted(), " bytes, got ", got, more));
  }

  void fetch_rest() {
    Retry retry(download_.settings, what_, watch_.trouble, stop_);
    while (have_ < wanted()) {
      const std::uint64_t before = have_;
      try {
        request();
        // An end that no length foretold is a broken connection.
        if (have_ < wanted()) throw TemporaryFailure("the connection ended early", 0);
      } catch (const TemporaryFailure& failure) {
        if (have_ > before) retry.progress();
        retry.wait_after(failure);
      }
    }
  }

  void request() {
    HttpRequest request{.url = download_.url};
    if (have_ > 0) {
      request.headers.push_back(concat("Range: bytes=", have_, "-"));
      if (!validator_.empty()) request.headers.push_back("If-Range: " + validator_);
    }
    const BodySink sink{.begin = [&](const HttpReply& reply) { begin(reply); },
                        .bytes = [&](std::string_view bytes) { take(bytes); }};
    const HttpReply reply = download_.client.send(request, sink, stop_);
    if (reply.status == 416 && have_ > 0) {  // no such range: the part is of no use there
      start_over();
      throw TemporaryFailure("the server refuses the range", 0);
    }
    check_status(reply, what_, download_.settings);
  }

  /// The header of the answer whose body follows.
  void begin(const HttpReply& reply) {
    check_identity(reply);
    if (reply.status == 206) {
      const ContentRange range = parse_range(reply.header("content-range"));
      if (range.total && *range.total != wanted()) wrong_size(*range.total);
      if (range.first != have_) {
        start_over();
        throw TemporaryFailure("the server answers another range than was asked for", 0);
      }
    } else {
      const auto length = number_of(reply.header("content-length"));
      if (length && *length != wanted()) wrong_size(*length);
      if (have_ > 0) start_over();
    }
    // Good for this server alone, and only where it is a strong one.
    const std::string etag = reply.header("etag");
    validator_ = etag.starts_with('"') ? etag : "";
  }

  /// The endpoint's own word on what it is sending.
  void check_identity(const HttpReply& reply) {
    const std::string commit = reply.endpoint_header("x-repo-commit");
    TESSERA_CHECK(commit.empty() || commit == download_.commit,
                  kCorruptFile,
                  what_,
                  ": wrong commit: expected ",
                  download_.commit,
                  ", got ",
                  printable(commit));
    const std::string etag = plain_etag(reply.endpoint_header("x-linked-etag"));
    if (!etag.empty() && etag != download_.file.etag) {
      throw_away(concat("wrong etag: expected ", download_.file.etag, ", got ", printable(etag)));
    }
    const auto size = number_of(reply.endpoint_header("x-linked-size"));
    if (size && *size != wanted()) wrong_size(*size);
  }

  void take(std::string_view bytes) {
    if (bytes.size() > wanted() - have_) wrong_size(have_ + bytes.size(), " or more");
    part_.write(bytes);
    hash_.update(bytes.data(), bytes.size());
    have_ += bytes.size();
    if (watch_.bytes) watch_.bytes(have_);
  }

  const Download& download_;
  const DownloadWatch& watch_;
  std::stop_token stop_;
  std::string what_;
  Part part_;
  ContentHash hash_ = new_hash();
  std::string sum_{};        // of the whole, once it is asked for
  std::uint64_t have_ = 0;   // bytes written
  std::string validator_{};  // etag of the server that sent them in this run
};

}  // namespace

bool fetch_blob(const Download& download, const DownloadWatch& watch, std::stop_token stop) {
  const RepositoryFile& file = download.file;
  const auto waiting = [&] {
    if (watch.trouble) watch.trouble("another program is fetching it, waiting");
  };
  const FileLock lock(download.cache.lock(file.etag), waiting, stop);
  const bool missing = !download.cache.has_blob(file.etag, file.bytes);
  if (missing) Transfer(download, watch, stop).run();
  if (watch.bytes) watch.bytes(file.bytes);
  return missing;
}

}  // namespace tessera::hub
