#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "eval/images/picture_set.h"

namespace tessera::eval {

/// Makes the pictures of captions first .. first + captions.size() - 1: each [3, H, W] in [-1, 1].
/// Picture k depends on k and its caption alone.
using PictureMaker = std::function<std::vector<at::Tensor>(
    std::int64_t first, const std::vector<std::string>& captions)>;

struct GeneratedPicturesOptions {
  std::int64_t batch = 16;    // captions a call
  std::string title{};        // the model's name
  std::string fingerprint{};  // model, sampling and seed
};

/// A model's pictures of `captions`, made in batches as they are asked for and not kept: every
/// thread waits for the one batch that is being made. In order, each is made once.
std::unique_ptr<const PictureSet> open_generated_pictures(std::vector<std::string> captions,
                                                          PictureMaker make,
                                                          const GeneratedPicturesOptions& options);

}  // namespace tessera::eval
