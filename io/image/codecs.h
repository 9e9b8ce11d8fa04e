#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "io/image/rgb_image.h"

namespace tessera::io {

/// Pixels of a PNG, JPEG, WebP or BMP file, told by content. Transparency lies on white, grey
/// becomes RGB, 16 bits become 8, a JPEG is turned as its Exif says. What the codecs print is
/// swallowed (one picture at a time is decoded for that). Throws kCorruptFile naming `what`:
/// unknown, damaged, cut short, or larger than the limits of io/image/image_size.h.
RgbImage decode_image(std::string_view bytes, const std::string& what);

/// The same of a file; also throws kNotFound, kIo.
RgbImage read_image(const std::filesystem::path& file);

/// 8-bit RGB PNG without text. The same picture gives the same bytes. Throws kInvalidArgument where
/// the size is not in 1 … 16,384 a side or does not fit the pixels.
std::string encode_png(const RgbImage& image);

}  // namespace tessera::io
