#pragma once

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/scenes/scenes.h"
#include "engine/image.h"

namespace tessera::test {

/// The first drawn car whose caption ends in `background`, as "on a black background": what the
/// shipped CLIP has learned to read, 128 pixels a side.
inline engine::Image car(const std::filesystem::path& atlas, const std::string& background) {
  const auto scenes = data::open_scenes(
      atlas, {.resolution = 128, .split = "all", .nouns = {"car"}, .kinds = {"single"}});
  std::vector<std::int64_t> indices(400);
  std::iota(indices.begin(), indices.end(), 0);
  const std::vector<std::string> captions = scenes->captions(indices);
  for (const std::int64_t index : indices) {
    if (!captions[static_cast<std::size_t>(index)].ends_with(background)) continue;
    const at::Tensor picture = scenes->draw(scenes->program({index}), at::kCPU)[0];
    const at::Tensor bytes =
        ((picture + 1) * 127.5).round().to(at::kByte).permute({1, 2, 0}).contiguous();
    const auto* first = bytes.const_data_ptr<std::uint8_t>();
    return {.width = 128, .height = 128, .pixels = {first, first + bytes.numel()}};
  }
  TESSERA_THROW(kNotFound, "no car ", background);
}

}  // namespace tessera::test
