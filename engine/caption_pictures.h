#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <c10/core/Device.h>

#include "core/options.h"
#include "eval/images/picture_set.h"

namespace tessera::engine {

struct CaptionPainting {
  SampleOptions sampling{};
  std::uint64_t seed = 0;  // picture k has seed `seed` + k, as in a request for that one picture
  c10::Device device = c10::kCPU;
  std::string title{};
};

/// The pictures that a model makes of captions, one each, made as they are asked for. Throws as
/// opening the model does, and kInvalidArgument where it has no network that draws.
std::unique_ptr<const eval::PictureSet> open_caption_pictures(const std::filesystem::path& model,
                                                              std::vector<std::string> captions,
                                                              const CaptionPainting& painting,
                                                              std::stop_token stop);

}  // namespace tessera::engine
