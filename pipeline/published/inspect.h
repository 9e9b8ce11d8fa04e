#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/options.h"
#include "io/json_fields.h"
#include "pipeline/load_options.h"
#include "pipeline/published/layout.h"
#include "pipeline/published/name_map.h"

namespace tessera::pipeline {

/// A part of a published model as its files tell of it.
struct PartFacts {
  std::string name{};  // as in a model card
  std::vector<std::filesystem::path> files{};
  io::Json options = nullptr;  // fields of ours; null where the files do not tell them
  std::int64_t tensors = 0;    // that the network takes, as they are published
  std::int64_t values = 0;
  std::uintmax_t bytes = 0;
  std::string types{};    // "Float", "Half, Float"
  Misfits misfits{};      // what would not load
  std::string problem{};  // why the part cannot be opened at all, "" where it can
  bool loads() const { return problem.empty() && misfits.none(); }
};

struct PublishedFacts {
  ModelLayout layout = ModelLayout::kDiffusers;
  std::vector<PartFacts> parts{};
  SampleOptions sampling{};  // what it is best used with, where the denoiser can be told
  bool learned_null = false;
  bool has_average = false;                      // kMicrosoft: an EMA
  std::optional<std::int64_t> last_epoch{};      // kMicrosoft
  std::optional<std::int64_t> last_iteration{};  // kMicrosoft
  bool loads() const;
};

/// Looks at every part of a diffusers folder or a checkpoint of the original code as loading it
/// would, and goes on behind what is missing or damaged. No value is read: files are mapped, and
/// the networks that their names and shapes are compared with stay untouched. Throws only where
/// there is no such model at all (layout_of()), or the checkpoint as a whole cannot be opened.
PublishedFacts inspect_published(const std::filesystem::path& model,
                                 const LoadOptions& options = {});

}  // namespace tessera::pipeline
