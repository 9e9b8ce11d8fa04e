#include "io/image/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include <opencv2/imgproc.hpp>

#include "core/error.h"
#include "io/image/image_size.h"
#include "io/utf8.h"

namespace tessera::io {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontScale = 0.36;
constexpr std::int32_t kLine = 13;   // pixels from one line of text to the next
constexpr std::int32_t kGap = 6;     // around every cell
constexpr std::int32_t kBorder = 3;  // thickness of a frame, inside the gap

int width_of(const std::string& text) {
  int baseline = 0;
  return cv::getTextSize(text, kFont, kFontScale, 1, &baseline).width;
}

std::string as_ascii(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text));
    const char first = text.front();
    out += length == 1 && first >= 0x20 && first < 0x7F ? first : first == '\n' ? ' ' : '?';
    text.remove_prefix(length);
  }
  return out;
}

std::vector<std::string> wrapped(const std::string& caption, int width) {
  std::vector<std::string> lines;
  std::istringstream words(as_ascii(caption));
  for (std::string word; words >> word;) {
    if (!lines.empty() && width_of(lines.back() + " " + word) <= width) {
      lines.back() += " " + word;
      continue;
    }
    while (word.size() > 1 && width_of(word) > width) {  // longer than a line: cut
      std::size_t fits = 1;
      while (fits + 1 < word.size() && width_of(word.substr(0, fits + 1)) <= width) ++fits;
      lines.push_back(word.substr(0, fits));
      word.erase(0, fits);
    }
    lines.push_back(word);
  }
  return lines;
}

cv::Mat view_of(const RgbImage& image) {
  const auto wanted =
      3 * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
  TESSERA_CHECK(image.width >= 1 && image.height >= 1 && image.pixels.size() == wanted,
                kInvalidArgument,
                "a picture of a sheet is empty");
  return {image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data())};
}

/// On the sheet: whole-number enlargement, or the given longer side.
cv::Size shown_size(const RgbImage& image, std::int32_t side) {
  const std::int32_t longer = std::max(image.width, image.height);
  const double scale = side > 0 ? static_cast<double>(side) / longer : std::max(1, 128 / longer);
  const auto scaled = [scale](std::int32_t length) {
    return std::max(1, static_cast<int>(std::lround(length * scale)));
  };
  return {scaled(image.width), scaled(image.height)};
}

}  // namespace

RgbImage contact_sheet(const std::vector<SheetCell>& cells, const SheetOptions& options) {
  TESSERA_CHECK(!cells.empty(), kInvalidArgument, "a contact sheet needs at least one picture");
  const auto count = static_cast<std::int32_t>(cells.size());
  std::int32_t columns = options.columns;
  if (columns <= 0) columns = static_cast<std::int32_t>(std::ceil(std::sqrt(count)));
  columns = std::min(columns, count);
  const std::int32_t rows = (count + columns - 1) / columns;

  cv::Size cell(1, 1);  // the largest picture
  for (const SheetCell& each : cells) {
    view_of(each.image);
    const cv::Size shown = shown_size(each.image, options.side);
    cell = {std::max(cell.width, shown.width), std::max(cell.height, shown.height)};
  }
  std::vector<std::vector<std::string>> texts;
  std::vector<std::int32_t> tops(1, 0);  // of each row, and the bottom
  for (std::int32_t row = 0; row < rows; ++row) {
    std::size_t lines = 0;
    for (std::int32_t k = row * columns; k < std::min(count, (row + 1) * columns); ++k) {
      texts.push_back(wrapped(cells[static_cast<std::size_t>(k)].caption, cell.width));
      lines = std::max(lines, texts.back().size());
    }
    tops.push_back(tops.back() + cell.height + 2 * kGap + kLine * static_cast<std::int32_t>(lines));
  }
  RgbImage sheet{.width = columns * (cell.width + 2 * kGap), .height = tops.back()};
  TESSERA_CHECK(sheet.width <= kMaxImageSide && sheet.height <= kMaxImageSide,
                kInvalidArgument,
                "a contact sheet of ",
                sheet.width,
                "x",
                sheet.height,
                " pixels is too large; show fewer pictures");
  sheet.pixels.assign(
      3 * static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height), 255);
  cv::Mat paper = view_of(sheet);
  for (std::int32_t k = 0; k < count; ++k) {
    const SheetCell& each = cells[static_cast<std::size_t>(k)];
    const cv::Size shown = shown_size(each.image, options.side);
    const cv::Point corner((k % columns) * (cell.width + 2 * kGap) + kGap,
                           tops[static_cast<std::size_t>(k / columns)] + kGap);
    const cv::Rect place(corner, shown);
    if (each.frame != Frame::kNone) {
      const cv::Scalar colour =
          each.frame == Frame::kGreen ? cv::Scalar(20, 160, 60) : cv::Scalar(210, 30, 30);
      const cv::Point edge(kBorder, kBorder);
      cv::rectangle(paper, place.tl() - edge, place.br() + edge, colour, cv::FILLED);
    }
    const bool shrinks = shown.width < each.image.width;
    cv::Mat target = paper(place);
    cv::resize(
        view_of(each.image), target, shown, 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_NEAREST);
    const std::vector<std::string>& lines = texts[static_cast<std::size_t>(k)];
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const int y = corner.y + cell.height + kLine * (static_cast<int>(i) + 1);
      cv::putText(
          paper, lines[i], {corner.x, y}, kFont, kFontScale, cv::Scalar(0, 0, 0), 1, cv::LINE_AA);
    }
  }
  return sheet;
}

}  // namespace tessera::io
