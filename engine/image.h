#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::engine {

/// 8-bit RGB, row-major, no padding: pixels.size() == 3 * width * height.
struct Image {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::vector<std::uint8_t> pixels{};

  bool empty() const { return pixels.empty(); }
  friend bool operator==(const Image&, const Image&) = default;
};

/// One picture of a contact sheet and what is written beneath it.
struct SheetPicture {
  Image image{};
  std::string caption{};
  enum class Verdict : unsigned char {
    kNone,
    kRight,
    kWrong
  } verdict = Verdict::kNone;  // its frame
};

/// Pictures in rows on white with their captions, `columns` a row (0 = as square as can be),
/// enlarged where they are small. Throws kInvalidArgument without pictures.
Image contact_sheet(std::vector<SheetPicture> pictures, std::int32_t columns);

/// The largest centred square, resized to `side` pixels.
Image fit_square(const Image& image, std::int32_t side);

/// The centred part; sides are cut down to the picture's own.
Image centre_crop(const Image& image, std::int32_t width, std::int32_t height);

}  // namespace tessera::engine
