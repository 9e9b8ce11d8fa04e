#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "engine/image.h"

namespace tessera::engine {

/// PNG, JPEG, WebP or BMP, told by content. Throws kNotFound, kIo or kCorruptFile.
Image read_image(const std::filesystem::path& file);

/// What a picture says about itself, in two forms; docs/formats/png.md.
struct PictureText {
  std::string parameters{};  // for people and other programs: "prompt\nSteps: 16, Sampler: …"
  std::string tessera{};     // JSON, schema "tessera.image/1": enough to draw the picture again
};

/// A device or a pipe, such as /dev/stdout: written to as it is, never replaced.
bool is_stream(const std::filesystem::path& file);

/// Writes an 8-bit RGB PNG with the text chunks "parameters" and "tessera" (empty ones are left
/// out): whole or not at all, but straight into a stream. Throws kIo with the system's reason.
void write_png(const std::filesystem::path& file, const Image& image, const PictureText& text = {});

/// Keyword -> text of every text chunk of a PNG file. Throws kNotFound, kIo or kCorruptFile.
std::map<std::string, std::string> read_texts(const std::filesystem::path& file);

}  // namespace tessera::engine
