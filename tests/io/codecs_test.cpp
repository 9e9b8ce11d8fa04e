#include "io/image/codecs.h"

#include <cstring>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <unistd.h>

#include "core/atomic_file.h"
#include "io/image/image_size.h"
#include "tests/io/png_bytes.h"
#include "tests/support/expect_error.h"
#include "tests/support/temporary_folder.h"

namespace tessera::io {
namespace {

using Pixels = std::vector<std::uint8_t>;

/// A smooth picture, so that lossy formats come close.
RgbImage smooth(std::int32_t width, std::int32_t height) {
  RgbImage image{.width = width, .height = height};
  for (std::int32_t y = 0; y < height; ++y) {
    for (std::int32_t x = 0; x < width; ++x) {
      for (const std::int32_t value : {x * 200 / width, y * 200 / height, 40 + (x + y) % 7}) {
        image.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return image;
}

std::string encoded(const RgbImage& image, const char* extension) {
  cv::Mat bgr(image.height, image.width, CV_8UC3);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    bgr.data[i] = image.pixels[i / 3 * 3 + 2 - i % 3];
  }
  std::vector<std::uint8_t> bytes;
  cv::imencode(extension, bgr, bytes);
  return {bytes.begin(), bytes.end()};
}

double mean_difference(const RgbImage& a, const RgbImage& b) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

Pixels pixels_of(const test::PngParts& parts) {
  return decode_image(test::png_file(parts), "f").pixels;
}

// Made by hand from the PNG specification, so that channel order and alpha are not OpenCV's word.
TEST(Codecs, EveryKindOfPngBecomesRgb) {
  const auto bytes = [](std::initializer_list<int> values) {
    std::string out(1, '\0');  // filter: none
    for (const int value : values) out += static_cast<char>(value);
    return out;
  };
  EXPECT_EQ(pixels_of({.rows = bytes({10, 20, 30})}), (Pixels{10, 20, 30}));
  EXPECT_EQ(pixels_of({.colour = 0, .rows = bytes({77})}), (Pixels{77, 77, 77}));
  EXPECT_EQ(pixels_of({.depth = 1, .colour = 0, .rows = bytes({0x80})}), (Pixels{255, 255, 255}));
  EXPECT_EQ(pixels_of({.depth = 16, .rows = bytes({255, 255, 128, 128, 0, 0})}),
            (Pixels{255, 128, 0}));
  // Half-transparent red over white; wholly transparent is white whatever its colour.
  EXPECT_EQ(pixels_of({.colour = 6, .rows = bytes({255, 0, 0, 128})}), (Pixels{255, 127, 127}));
  EXPECT_EQ(pixels_of({.colour = 6, .rows = bytes({1, 2, 3, 0})}), (Pixels{255, 255, 255}));
  EXPECT_EQ(pixels_of({.colour = 6, .rows = bytes({1, 2, 3, 255})}), (Pixels{1, 2, 3}));
  EXPECT_EQ(pixels_of({.colour = 4, .rows = bytes({100, 0})}), (Pixels{255, 255, 255}));
  EXPECT_EQ(pixels_of({.colour = 4, .rows = bytes({100, 255})}), (Pixels{100, 100, 100}));
  const std::string palette = test::png_chunk("PLTE", "abcdef");
  EXPECT_EQ(pixels_of({.colour = 3, .before = palette, .rows = bytes({1})}),
            (Pixels{'d', 'e', 'f'}));
  const std::string clear = palette + test::png_chunk("tRNS", std::string("\xff\0", 2));
  EXPECT_EQ(pixels_of({.colour = 3, .before = clear, .rows = bytes({1})}), (Pixels{255, 255, 255}));
  EXPECT_EQ(pixels_of({.colour = 3, .before = clear, .rows = bytes({0})}), (Pixels{'a', 'b', 'c'}));
}

TEST(Codecs, PngIsExactAndTheSameEveryTime) {
  const RgbImage image = smooth(37, 21);
  const std::string png = encode_png(image);
  EXPECT_EQ(png, encode_png(image));
  EXPECT_EQ(decode_image(png, "f"), image);
  EXPECT_EQ(decode_image(encode_png({1, 1, {1, 2, 3}}), "f").pixels, (Pixels{1, 2, 3}));
}

TEST(Codecs, ReadJpegWebpAndBmp) {
  const RgbImage image = smooth(48, 32);
  for (const auto& [extension, format, tolerance] : {std::tuple(".jpg", ImageFormat::kJpeg, 2.5),
                                                     std::tuple(".webp", ImageFormat::kWebp, 2.5),
                                                     std::tuple(".bmp", ImageFormat::kBmp, 0.0)}) {
    const std::string bytes = encoded(image, extension);
    const ImageSize size = inspect_image(bytes, "f");
    EXPECT_EQ(size.format, format);
    EXPECT_EQ(size.width, 48);
    EXPECT_EQ(size.height, 32);
    EXPECT_LE(mean_difference(decode_image(bytes, "f"), image), tolerance) << extension;
  }
}

TEST(Codecs, AJpegIsTurnedAsItsExifSays) {
  const RgbImage image = smooth(48, 32);
  std::string jpeg = encoded(image, ".jpg");
  // APP1: Exif, little-endian TIFF, one entry: orientation (0x0112) = 6, "turn clockwise".
  jpeg.insert(2,
              std::string("\xff\xe1\0\x22"
                          "Exif\0\0"
                          "II*\0\x08\0\0\0"
                          "\x01\0"
                          "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
                          "\0\0\0\0",
                          36));
  const RgbImage turned = decode_image(jpeg, "f");
  ASSERT_EQ(turned.width, 32);
  ASSERT_EQ(turned.height, 48);
  const auto red = [](const RgbImage& of, int x, int y) {
    return of.pixels[static_cast<std::size_t>(3 * (y * of.width + x))];
  };
  EXPECT_NEAR(red(turned, 5, 40), red(image, 40, 32 - 1 - 5), 8);  // left becomes top
}

TEST(Codecs, DamageIsAnErrorAndNothingIsPrinted) {
  const test::TemporaryFolder folder;
  const int real = ::dup(STDERR_FILENO);
  FILE* caught = std::fopen((folder / "stderr").c_str(), "w");
  ::dup2(::fileno(caught), STDERR_FILENO);
  int refused = 0;
  for (const char* extension : {".png", ".jpg", ".webp", ".bmp"}) {
    const std::string bytes = encoded(smooth(24, 16), extension);
    for (std::size_t size = 0; size < bytes.size(); size += size < 64 ? 1 : 7) {
      try {
        decode_image(bytes.substr(0, size), "name.x");
        ADD_FAILURE() << extension << " cut to " << size << " of " << bytes.size();
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
        EXPECT_EQ(std::string(error.what()).rfind("name.x: ", 0), 0U) << error.what();
      }
    }
    for (std::size_t bit = 0; bit < 8 * bytes.size(); bit += 37) {  // may pass, must not crash
      std::string bad = bytes;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
      try {
        decode_image(bad, "name.x");
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kCorruptFile);
        ++refused;
      }
    }
  }
  ::dup2(real, STDERR_FILENO);
  ::close(real);
  std::fclose(caught);
  EXPECT_EQ(read_file(folder / "stderr"), "");
  EXPECT_GT(refused, 20);
}

TEST(Codecs, HugePicturesAreRefusedBeforeTheyAreDecoded) {
  const auto refuse = [](const std::string& bytes, const char* part) {
    test::expect_error(ErrorCode::kCorruptFile, part, [&] { decode_image(bytes, "f"); });
  };
  refuse(test::png_file({.width = 16'385, .height = 1}), "claims 16385x1");
  refuse(test::png_file({.width = 1, .height = 0x80000001}), "claims 1x2147483649");
  refuse(test::png_file({.width = 10'001, .height = 10'000}), "100 million");
  refuse(test::png_file({.width = 0, .height = 1}), "claims 0x1");
  std::string bmp = encoded(smooth(2, 2), ".bmp");
  bmp[20] = 0x7f;
  refuse(bmp, "pixels; at most");
  std::string jpeg = encoded(smooth(2, 2), ".jpg");
  const std::size_t frame = jpeg.find("\xff\xc0");
  jpeg[frame + 5] = '\x7f';
  refuse(jpeg, "pixels; at most");
  std::string webp = encoded(smooth(2, 2), ".webp");
  EXPECT_EQ(inspect_image(webp, "f").width, 2);
  refuse("GIF89a", "not a PNG, JPEG, WebP or BMP");
  refuse("", "not a PNG");
  refuse("\xff\xd8\xff\xd9", "");
}

TEST(Codecs, FilesAndBadSizes) {
  const test::TemporaryFolder folder;
  folder.write("a.txt", encode_png(smooth(4, 3)));  // told by content
  EXPECT_EQ(read_image(folder / "a.txt"), smooth(4, 3));
  test::expect_error(ErrorCode::kNotFound, "none", [&] { read_image(folder / "none"); });
  test::expect_error(ErrorCode::kInvalidArgument, "0x3", [] { encode_png({0, 3, {}}); });
  test::expect_error(ErrorCode::kInvalidArgument, "2x2 with 3", [] {
    encode_png({2, 2, {1, 2, 3}});
  });
}

}  // namespace
}  // namespace tessera::io
