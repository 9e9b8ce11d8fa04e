#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tessera::io {

enum class ImageFormat : unsigned char { kPng, kJpeg, kWebp, kBmp };

/// What a picture file says of itself before any pixel is decoded.
struct ImageSize {
  ImageFormat format = ImageFormat::kPng;
  std::int64_t width = 0;
  std::int64_t height = 0;
};

inline constexpr std::int64_t kMaxImageSide = 16'384;
inline constexpr std::int64_t kMaxImagePixels = 100'000'000;

/// Told by content, not by name. Throws kCorruptFile naming `what` where the bytes are of no known
/// format, end too early, or claim a picture that is empty or larger than the limits.
ImageSize inspect_image(std::string_view bytes, const std::string& what);

}  // namespace tessera::io
