#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/image.h"

namespace tessera::engine {

/// A start picture and its mask, brought to a model's size.
struct StartPicture {
  Image start{};
  std::optional<Image> mask{};
  std::string names{};  // JSON for the metadata: the files, so that verify finds them
  std::vector<std::string> warnings{};  // resized, cropped
};

/// `mask` may be "". Pictures of another size are cropped to a square and resized, with a warning.
/// Throws what read_image throws, and kInvalidArgument where the mask's shape is not the picture's.
StartPicture read_start(const std::filesystem::path& picture,
                        const std::filesystem::path& mask,
                        std::int32_t side);

}  // namespace tessera::engine
