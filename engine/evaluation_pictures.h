#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "engine/image.h"
#include "eval/images/picture_set.h"
#include "pipeline/model_card.h"

namespace tessera::engine {

/// Pictures that something is measured on.
struct PictureChoice {
  std::filesystem::path path{};  // a folder, a list, a pack; "" = scenes of the model's world
  std::string split = "heldout";
  std::uint64_t seed = 0;
  std::int64_t count = 500;  // the first so many; 0 = all, which scenes do not have
};

/// Throws kNotFound, kInvalidArgument, or as the readers do.
std::unique_ptr<const eval::PictureSet> open_pictures(const PictureChoice& choice,
                                                      const pipeline::ModelCard& card);

/// The scenes or the pack behind `choice` with their captions; a folder or list of captioned
/// pictures is packed into the user's cache first, at `resolution`.
std::unique_ptr<const data::Source> open_captioned(const PictureChoice& choice,
                                                   const pipeline::ModelCard& card,
                                                   std::int64_t resolution);

/// [H, W, 3] uint8 and back.
Image image_of_bytes(const at::Tensor& bytes);

/// A square of `side` pixels; `fit` is crop, pad or stretch. Throws kInvalidArgument.
Image fitted(const Image& image, std::int32_t side, const std::string& fit);

}  // namespace tessera::engine
