#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/state_dict.h"
#include "pipeline/published/name_map.h"

namespace tessera::pipeline {

/// A network of a published model as its files tell of it, before any value is looked at: what
/// load_published() and misfits_of() are given.
template <typename Options>
struct PublishedPart {
  Options options{};
  io::StateDict weights{};
  NameMap names{};
  std::vector<std::filesystem::path> files{};  // the weights are in them
  std::string what() const { return files.empty() ? "" : files.front().string(); }
};

}  // namespace tessera::pipeline
