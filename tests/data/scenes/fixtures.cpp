#include "tests/data/scenes/fixtures.h"

namespace tessera::data {

std::filesystem::path atlas_path() {
  return TESSERA_SOURCE_DIR "/data/scenes/atlas/emoji.safetensors";
}

const std::shared_ptr<const Atlas>& shared_atlas() {
  static const std::shared_ptr<const Atlas> atlas = read_atlas(atlas_path());
  return atlas;
}

}  // namespace tessera::data
