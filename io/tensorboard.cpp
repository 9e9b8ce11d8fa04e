#include "io/tensorboard.h"

#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <unistd.h>

#include "core/error.h"
#include "core/log.h"
#include "io/crc32c.h"

namespace tessera::io {
namespace fs = std::filesystem;
namespace {

// Protocol-buffer wire format, the four kinds of field that an event needs.
enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  return out + static_cast<char>(value);
}

template <typename Number>
std::string little_endian(Number value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

std::string tag_of(std::uint32_t field, Wire wire) {
  return varint(field << 3 | wire);
}
std::string number(std::uint32_t field, std::int64_t value) {
  return tag_of(field, kVarint) + varint(static_cast<std::uint64_t>(value));
}
std::string float64(std::uint32_t field, double value) {
  return tag_of(field, kFixed64) + little_endian(value);
}
std::string float32(std::uint32_t field, float value) {
  return tag_of(field, kFixed32) + little_endian(value);
}
std::string bytes(std::uint32_t field, std::string_view value) {
  return tag_of(field, kBytes) + varint(value.size()) + std::string(value);
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// One TFRecord: length, its checksum, data, its checksum.
std::string record(const std::string& data) {
  const auto masked = [](const std::string& text) {
    return little_endian(std::rotr(crc32c(text.data(), text.size()), 15) + 0xa282ead8u);
  };
  const std::string length = little_endian(std::uint64_t{data.size()});
  return length + masked(length) + data + masked(data);
}

/// Value{tag, <one field>} inside Summary inside Event.
std::string event_of(std::int64_t step, const std::string& tag, const std::string& field) {
  return float64(1, now()) + number(2, step) + bytes(5, bytes(1, bytes(1, tag) + field));
}

std::uint32_t big_endian(const std::string& text, std::size_t place) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    value = value << 8 | static_cast<unsigned char>(text[place + i]);
  }
  return value;
}

fs::path file_name() {
  static std::atomic<int> counter{0};
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%010lld", static_cast<long long>(now()));
  return concat("events.out.tfevents.", seconds, ".", host, ".", ::getpid(), ".", counter++);
}

}  // namespace

EventWriter::EventWriter(const fs::path& folder) : file_(folder / file_name()) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  TESSERA_CHECK(!failed, kIo, folder.string(), ": cannot create: ", failed.message());
  errno = 0;
  out_.open(file_, std::ios::binary | std::ios::trunc);
  TESSERA_CHECK(out_, kIo, file_.string(), ": cannot write: ", std::strerror(errno));
  write_event(float64(1, now()) + bytes(3, "brain.Event:2"));
  flush();
}

EventWriter::~EventWriter() = default;

void EventWriter::write_event(const std::string& payload) {
  if (failed_) return;
  errno = 0;
  const std::string framed = record(payload);
  out_.write(framed.data(), static_cast<std::streamsize>(framed.size()));
  if (!out_) {
    failed_ = true;
    log_warning(concat(file_.string(), ": no more events: ", std::strerror(errno)));
  }
}

void EventWriter::scalar(const std::string& tag, double value, std::int64_t step) {
  write_event(event_of(step, tag, float32(2, static_cast<float>(value))));
}

void EventWriter::image(const std::string& tag, const std::string& png, std::int64_t step) {
  TESSERA_CHECK(png.size() > 24 && png.compare(0, 8, "\x89PNG\r\n\x1a\n") == 0,
                kInvalidArgument,
                "picture \"",
                tag,
                "\" for TensorBoard is not a PNG file");
  const std::int64_t width = big_endian(png, 16);
  const std::int64_t height = big_endian(png, 20);
  constexpr std::int64_t kRgb = 3;
  write_event(event_of(
      step, tag, bytes(4, number(1, height) + number(2, width) + number(3, kRgb) + bytes(4, png))));
}

void EventWriter::text(const std::string& tag, const std::string& value, std::int64_t step) {
  // SummaryMetadata{plugin_data{plugin_name}} and TensorProto{dtype = DT_STRING, shape of one,
  // value}.
  constexpr std::int64_t kString = 7;
  const std::string metadata = bytes(9, bytes(1, bytes(1, "text")));
  const std::string shape = bytes(2, bytes(2, number(1, 1)));
  const std::string tensor = bytes(8, number(1, kString) + shape + bytes(8, value));
  write_event(event_of(step, tag, metadata + tensor));
}

void EventWriter::flush() {
  if (failed_) return;
  errno = 0;
  out_.flush();
  if (!out_) {
    failed_ = true;
    log_warning(concat(file_.string(), ": no more events: ", std::strerror(errno)));
  }
}

}  // namespace tessera::io
