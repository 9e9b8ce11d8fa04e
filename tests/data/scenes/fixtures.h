#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/scenes/atlas.h"
#include "data/scenes/scene.h"
#include "data/scenes/scenes.h"

namespace tessera::data {

std::filesystem::path atlas_path();
const std::shared_ptr<const Atlas>& shared_atlas();

inline std::vector<std::int64_t> first_indices(std::int64_t count) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), 0);
  return out;
}

inline std::vector<Scene> unpack_all(const SceneProgram& program) {
  std::vector<Scene> out;
  for (std::int64_t row = 0; row < program.kind.size(0); ++row) out.push_back(unpack(program, row));
  return out;
}

/// The world of the first shipped model: the 24 first recolourable nouns.
inline SceneOptions starter_world() {
  SceneOptions options{.kinds = {"single", "colour", "position", "relation", "coloured-relation"}};
  for (int rank = 0; rank < 24; ++rank) {
    options.nouns.emplace_back(nouns()[static_cast<std::size_t>(recolourable_noun(rank))].name);
  }
  return options;
}

}  // namespace tessera::data
