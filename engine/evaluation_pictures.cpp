#include "engine/evaluation_pictures.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "data/packed.h"
#include "data/scenes/scenes.h"
#include "engine/data_tools.h"
#include "io/image/codecs.h"
#include "io/image/resize.h"
#include "jobs/shipped_file.h"

namespace tessera::engine {
namespace fs = std::filesystem;
namespace {

at::Tensor bytes_of(const io::RgbImage& image) {
  at::Tensor bytes = at::empty({image.height, image.width, 3}, at::kByte);
  std::copy(image.pixels.begin(), image.pixels.end(), bytes.mutable_data_ptr<std::uint8_t>());
  return bytes;
}

at::Tensor decode(const fs::path& file) {
  return bytes_of(io::read_image(file));
}

std::unique_ptr<const data::Source> open_scenes_of(const PictureChoice& choice,
                                                   const pipeline::ModelCard& card) {
  TESSERA_CHECK(card.has_world,
                kInvalidArgument,
                "the model's card names no world of scenes; name a folder of pictures or a pack");
  TESSERA_CHECK(choice.count > 0,
                kInvalidArgument,
                "scenes have no end: count must be at least 1, got ",
                choice.count);
  data::SceneOptions world = card.world;
  world.split = choice.split;
  world.seed = choice.seed;
  return data::open_scenes(jobs::atlas_file({}), world);
}

io::Fit fit_named(const std::string& name) {
  if (name == "crop") return io::Fit::kCrop;
  if (name == "pad") return io::Fit::kPad;
  if (name == "stretch") return io::Fit::kStretch;
  TESSERA_THROW(kInvalidArgument, "fit is \"", name, "\"; known: crop, pad, stretch");
}

}  // namespace

std::unique_ptr<const eval::PictureSet> open_pictures(const PictureChoice& choice,
                                                      const pipeline::ModelCard& card) {
  TESSERA_CHECK(
      choice.count >= 0, kInvalidArgument, "count must not be negative, got ", choice.count);
  std::unique_ptr<const eval::PictureSet> all;
  if (choice.path.empty()) {
    all = eval::open_source_pictures(open_scenes_of(choice, card), choice.split + " scenes");
  } else if (data::is_packed(choice.path)) {
    all = eval::open_source_pictures(data::open_packed(choice.path), choice.path.string());
  } else {
    all = eval::open_picture_files(choice.path, decode);
  }
  return eval::first_pictures(std::move(all), choice.count);
}

std::unique_ptr<const data::Source> open_captioned(const PictureChoice& choice,
                                                   const pipeline::ModelCard& card,
                                                   std::int64_t resolution) {
  if (choice.path.empty()) return open_scenes_of(choice, card);
  if (data::is_packed(choice.path)) return data::open_packed(choice.path);
  return data::open_packed(pack_into_cache(choice.path, resolution, {}, {}));
}

Image image_of_bytes(const at::Tensor& bytes) {
  const at::Tensor all = bytes.contiguous();
  const std::uint8_t* first = all.const_data_ptr<std::uint8_t>();
  return {.width = static_cast<std::int32_t>(all.size(1)),
          .height = static_cast<std::int32_t>(all.size(0)),
          .pixels = {first, first + all.numel()}};
}

Image fitted(const Image& image, std::int32_t side, const std::string& fit) {
  io::RgbImage square = io::fit_square(
      {.width = image.width, .height = image.height, .pixels = image.pixels}, side, fit_named(fit));
  return {.width = square.width, .height = square.height, .pixels = std::move(square.pixels)};
}

}  // namespace tessera::engine
