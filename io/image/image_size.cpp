#include "io/image/image_size.h"

#include "core/error.h"

namespace tessera::io {
namespace {

/// Reads numbers at places that may lie outside: then the file is cut short.
class Bytes {
 public:
  Bytes(std::string_view bytes, const std::string& what) : bytes_(bytes), what_(what) {}

  std::uint32_t byte(std::size_t place) const {
    TESSERA_CHECK(place < bytes_.size(),
                  kCorruptFile,
                  what_,
                  ": cut short, the picture's size is missing (byte ",
                  bytes_.size(),
                  ")");
    return static_cast<unsigned char>(bytes_[place]);
  }
  std::int64_t big(std::size_t place, std::size_t count) const {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | byte(place + i);
    return value;
  }
  std::int64_t little(std::size_t place, std::size_t count) const {
    std::int64_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | byte(place + i);
    return value;
  }
  bool holds(std::size_t place, std::string_view text) const {
    return place <= bytes_.size() && bytes_.substr(place, text.size()) == text;
  }

 private:
  std::string_view bytes_;
  const std::string& what_;
};

/// Walks the segments to the frame header (SOF). An end marker must follow the scan: a JPEG that is
/// cut short decodes to a half-grey picture without an error.
ImageSize inspect_jpeg(const Bytes& bytes, std::string_view all, const std::string& what) {
  ImageSize size{ImageFormat::kJpeg, 0, 0};
  std::size_t place = 2;
  while (true) {
    TESSERA_CHECK(
        bytes.byte(place) == 0xFF, kCorruptFile, what, ": no JPEG marker at byte ", place);
    while (bytes.byte(place) == 0xFF) ++place;
    const std::uint32_t marker = bytes.byte(place++);
    if (marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8)) continue;  // without a length
    const bool frame =
        marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame) {
      size.height = bytes.big(place + 3, 2);
      size.width = bytes.big(place + 5, 2);
    }
    const auto length = static_cast<std::size_t>(bytes.big(place, 2));
    TESSERA_CHECK(marker != 0xD9 && length >= 2,
                  kCorruptFile,
                  what,
                  ": a JPEG without a picture (byte ",
                  place,
                  ")");
    place += length;
    if (marker == 0xDA) break;
  }
  const std::size_t end = all.rfind("\xff\xd9");
  TESSERA_CHECK(end != std::string_view::npos && end >= place,
                kCorruptFile,
                what,
                ": cut short, a JPEG without its end marker (byte ",
                all.size(),
                ")");
  return size;
}

ImageSize inspect_webp(const Bytes& bytes, const std::string& what) {
  ImageSize size{ImageFormat::kWebp, 0, 0};
  if (bytes.holds(12, "VP8 ")) {
    size.width = bytes.little(26, 2) & 0x3FFF;
    size.height = bytes.little(28, 2) & 0x3FFF;
  } else if (bytes.holds(12, "VP8L")) {
    const std::int64_t bits = bytes.little(21, 4);
    size.width = (bits & 0x3FFF) + 1;
    size.height = (bits >> 14 & 0x3FFF) + 1;
  } else {
    TESSERA_CHECK(
        bytes.holds(12, "VP8X"), kCorruptFile, what, ": a WebP without a picture (byte 12)");
    size.width = bytes.little(24, 3) + 1;
    size.height = bytes.little(27, 3) + 1;
  }
  return size;
}

ImageSize inspect_bmp(const Bytes& bytes) {
  ImageSize size{ImageFormat::kBmp, 0, 0};
  const bool old = bytes.little(14, 4) == 12;
  size.width = old ? bytes.little(18, 2) : bytes.little(18, 4);
  size.height = old ? bytes.little(20, 2) : bytes.little(22, 4);
  if (!old && size.height > 0x7FFFFFFF) size.height = 0x100000000 - size.height;  // top row first
  return size;
}

}  // namespace

ImageSize inspect_image(std::string_view all, const std::string& what) {
  const Bytes bytes(all, what);
  ImageSize size;
  if (bytes.holds(0, "\x89PNG\r\n\x1a\n")) {
    TESSERA_CHECK(
        bytes.holds(12, "IHDR"), kCorruptFile, what, ": a PNG without a header (byte 12)");
    size = {ImageFormat::kPng, bytes.big(16, 4), bytes.big(20, 4)};
  } else if (bytes.holds(0, "\xff\xd8\xff")) {
    size = inspect_jpeg(bytes, all, what);
  } else if (bytes.holds(0, "RIFF") && bytes.holds(8, "WEBP")) {
    size = inspect_webp(bytes, what);
  } else if (bytes.holds(0, "BM")) {
    size = inspect_bmp(bytes);
  } else {
    TESSERA_THROW(kCorruptFile, what, ": not a PNG, JPEG, WebP or BMP picture (byte 0)");
  }
  TESSERA_CHECK(size.width >= 1 && size.height >= 1 && size.width <= kMaxImageSide &&
                    size.height <= kMaxImageSide && size.width * size.height <= kMaxImagePixels,
                kCorruptFile,
                what,
                ": claims ",
                size.width,
                "x",
                size.height,
                " pixels; at most ",
                kMaxImageSide,
                " a side and ",
                kMaxImagePixels / 1'000'000,
                " million in all are read");
  return size;
}

}  // namespace tessera::io
