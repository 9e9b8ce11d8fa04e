#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/image/rgb_image.h"

namespace tessera::io {

enum class Frame : unsigned char { kNone, kGreen, kRed };

/// One picture of a sheet and what is written beneath it.
struct SheetCell {
  RgbImage image{};
  std::string caption{};  // wrapped at words; what is not ASCII shows as "?"
  Frame frame = Frame::kNone;
};

struct SheetOptions {
  std::int32_t columns = 0;  // 0 = as square as can be
  std::int32_t side = 0;     // pixels of a picture's longer side on the sheet; 0 = 128 or its own
};

/// Pictures in rows on white, enlarged without smoothing so that every pixel can be judged.
/// Throws kInvalidArgument without cells.
RgbImage contact_sheet(const std::vector<SheetCell>& cells, const SheetOptions& options);

}  // namespace tessera::io
