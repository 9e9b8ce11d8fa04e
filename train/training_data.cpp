#include "train/training_data.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/error.h"
#include "data/packed.h"
#include "data/textures/mixed_source.h"

namespace tessera::train {
namespace {

TrainingData open_world(const DataOptions& options, std::int64_t held_out) {
  TrainingData data;
  data.source = data::open_scenes(options.path, options.scenes);
  data::SceneOptions unseen = options.scenes;
  unseen.split = "heldout";
  data.held_out.source = data::open_scenes(options.path, unseen);
  data.held_out.count = std::min(held_out, data.held_out.source->size());
  data.samples = data.source->size();
  return data;
}

TrainingData open_pack(const DataOptions& options, std::int64_t held_out) {
  TrainingData data;
  data.source = data::open_packed(options.path);
  const std::int64_t size = data.source->size();
  const std::int64_t kept = std::min(held_out, size / 10);
  data.held_out = {.source = data.source, .first = size - kept, .count = kept};
  data.samples = size - kept;
  return data;
}

}  // namespace

TrainingData open_training_data(const DataOptions& options, std::int64_t held_out) {
  TrainingData data =
      options.kind == "packed" ? open_pack(options, held_out) : open_world(options, held_out);
  if (options.textures > 0) {
    TESSERA_CHECK(options.kind == "scenes",
                  kInvalidArgument,
                  "data.textures goes with data.kind scenes, whose resolution it takes");
    data.source = data::mix_with_textures(data.source,
                                          {.share = options.textures,
                                           .seed = options.scenes.seed,
                                           .resolution = options.scenes.resolution});
  }
  if (options.pool > 0) data.samples = std::min(data.samples, options.pool);
  return data;
}

}  // namespace tessera::train
