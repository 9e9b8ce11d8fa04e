#include "engine/start_picture.h"

#include "core/error.h"
#include "engine/image_files.h"
#include "io/json_fields.h"

namespace tessera::engine {

StartPicture read_start(const std::filesystem::path& picture,
                        const std::filesystem::path& mask,
                        std::int32_t side) {
  StartPicture start{.start = read_image(picture)};
  io::Json names = {{"start", {{"file", picture.string()}}}};
  const std::int32_t width = start.start.width;
  const std::int32_t height = start.start.height;
  if (!mask.empty()) {
    start.mask = read_image(mask);
    names["mask"] = {{"file", mask.string()}};
    TESSERA_CHECK(start.mask->width == width && start.mask->height == height,
                  kInvalidArgument,
                  mask.string(),
                  ": the mask is ",
                  start.mask->width,
                  "x",
                  start.mask->height,
                  ", the picture ",
                  width,
                  "x",
                  height);
  }
  if (width != side || height != side) {
    start.warnings.push_back(
        concat(picture.string(),
               ": ",
               width,
               "x",
               height,
               width == height ? " was resized to " : " was cropped and resized to ",
               side,
               "x",
               side));
    start.start = fit_square(start.start, side);
    if (start.mask) start.mask = fit_square(*start.mask, side);
  }
  start.names = names.dump();
  return start;
}

}  // namespace tessera::engine
