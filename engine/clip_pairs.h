#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "eval/clip/score.h"

namespace tessera::engine {

/// A picture file and what is said of it.
struct ClipPair {
  std::filesystem::path picture{};
  eval::ScoredText text{};
};

struct ClipPairs {
  std::vector<ClipPair> pairs{};
  std::vector<std::string> problems{};  // entries that name no usable picture, "NAME: REASON"
};

/// `pictures` as data::open_files takes it; or, where `texts` is not empty, two folders whose
/// PICTURE.png and PICTURE.txt belong together by stem. A picture's first caption is its text, the
/// rest its references. Throws kNotFound, kCorruptFile, and kInvalidArgument where there is no
/// pair.
ClipPairs clip_pairs(const std::filesystem::path& pictures, const std::filesystem::path& texts);

}  // namespace tessera::engine
