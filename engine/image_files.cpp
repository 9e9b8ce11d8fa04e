#include "engine/image_files.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/image/codecs.h"
#include "io/image/contact_sheet.h"
#include "io/image/png_text.h"
#include "io/image/resize.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kLargestFile = std::uintmax_t{512} << 20;

io::RgbImage to_rgb(const Image& image) {
  return {.width = image.width, .height = image.height, .pixels = image.pixels};
}

Image from_rgb(io::RgbImage image) {
  return {.width = image.width, .height = image.height, .pixels = std::move(image.pixels)};
}

io::Frame frame_of(SheetPicture::Verdict verdict) {
  switch (verdict) {
    case SheetPicture::Verdict::kRight:
      return io::Frame::kGreen;
    case SheetPicture::Verdict::kWrong:
      return io::Frame::kRed;
    case SheetPicture::Verdict::kNone:
      break;
  }
  return io::Frame::kNone;
}

void write_stream(const fs::path& file, const std::string& bytes) {
  errno = 0;
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.flush();
  TESSERA_CHECK(out, kIo, file.string(), ": cannot write: ", std::strerror(errno));
}

}  // namespace

bool is_stream(const fs::path& file) {
  if (file.string().starts_with("/dev/")) return true;  // /dev/stdout may lead to a plain file
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  return fs::is_character_file(status) || fs::is_fifo(status);
}

Image read_image(const fs::path& file) {
  return from_rgb(io::read_image(file));
}

void write_png(const fs::path& file, const Image& image, const PictureText& text) {
  std::vector<io::PngText> texts;
  if (!text.parameters.empty()) texts.push_back({.keyword = "parameters", .text = text.parameters});
  if (!text.tessera.empty()) texts.push_back({.keyword = "tessera", .text = text.tessera});
  const std::string bytes = io::with_png_texts(io::encode_png(to_rgb(image)), texts);
  if (is_stream(file)) {
    write_stream(file, bytes);
  } else {
    write_file_atomically(file, bytes);
  }
}

std::map<std::string, std::string> read_texts(const fs::path& file) {
  std::map<std::string, std::string> texts;
  for (io::PngText& text : io::read_png_texts(read_file(file, kLargestFile), file.string())) {
    texts.emplace(std::move(text.keyword), std::move(text.text));
  }
  return texts;
}

Image contact_sheet(std::vector<SheetPicture> pictures, std::int32_t columns) {
  std::vector<io::SheetCell> cells;
  for (SheetPicture& picture : pictures) {
    cells.push_back({.image = to_rgb(picture.image),
                     .caption = std::move(picture.caption),
                     .frame = frame_of(picture.verdict)});
  }
  return from_rgb(io::contact_sheet(cells, {.columns = columns}));
}

Image fit_square(const Image& image, std::int32_t side) {
  return from_rgb(io::fit_square(to_rgb(image), side, io::Fit::kCrop));
}

Image centre_crop(const Image& image, std::int32_t width, std::int32_t height) {
  return from_rgb(io::centre_crop(to_rgb(image), width, height));
}

}  // namespace tessera::engine
